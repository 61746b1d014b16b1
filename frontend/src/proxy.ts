import { type NextRequest, NextResponse } from 'next/server';
import { decide } from '@/server/access';
import { contentSecurityPolicy, makeNonce, securityHeaders } from '@/server/headers';
import { isMutation, isSameOrigin } from '@/server/origin';
import { problem } from '@/server/problem';
import { openSession } from '@/server/session';
import { settings } from '@/server/settings';

/** Static files are the same for everyone and get their headers from next.config.ts. */
export const config = { matcher: ['/((?!_next/static/).*)'] };

const API = /^\/api\/(auth|tenant|internal)\//;

export async function proxy(request: NextRequest): Promise<NextResponse> {
  const nonce = makeNonce();
  const policy = contentSecurityPolicy(nonce, process.env.NODE_ENV === 'development');
  const headers = new Headers(request.headers);
  headers.set('x-nonce', nonce);
  headers.set('content-security-policy', policy);

  const response = await answer(request, headers);
  response.headers.set('Content-Security-Policy', policy);
  for (const [name, value] of Object.entries(securityHeaders)) response.headers.set(name, value);
  return response;
}

async function answer(request: NextRequest, headers: Headers): Promise<NextResponse> {
  const { webOrigin } = settings();
  const { pathname, search } = request.nextUrl;
  const forward = { request: { headers } };
  const redirect = (to: string, status: 303 | 307) => {
    const response = NextResponse.redirect(new URL(to, webOrigin), status);
    response.headers.set('Cache-Control', 'no-store');
    return response;
  };

  const path = decoded(pathname);
  if (path === null) return problem('not_found');

  if (isMutation(request.method)) {
    if (!isSameOrigin(request.headers, webOrigin)) return problem('origin_denied');
    // A form that a password manager sent before its script had loaded: show it again, never a password in an address.
    if (path.startsWith('/auth/')) return redirect(pathname + search, 303);
  }
  if (path.startsWith('/api/')) return API.test(path) ? NextResponse.next(forward) : problem('not_found');

  const decision = decide(path, { pathname, search }, await openSession(request.cookies));
  switch (decision.kind) {
    case 'next':
      return NextResponse.next(forward);
    case 'forbidden':
      return NextResponse.rewrite(new URL('/forbidden', request.nextUrl), forward);
    case 'redirect':
      return redirect(decision.to, 307);
  }
}

/** Pages are matched by their decoded path, so the decision must be about the same. */
function decoded(pathname: string): string | null {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return null;
  }
}
