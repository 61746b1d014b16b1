import { NextResponse } from 'next/server';

const ERRORS = {
  invalid_body: [400, 'Bad Request: invalid body'],
  invalid_code: [400, 'Bad Request: invalid code'],
  invalid_password: [400, 'Bad Request: invalid password'],
  invalid_credentials: [401, 'Unauthorized'],
  challenge_expired: [401, 'Unauthorized'],
  session_expired: [401, 'Unauthorized'],
  origin_denied: [403, 'Forbidden: Foreign origin'],
  not_found: [404, 'Not Found'],
  too_large: [413, 'Content Too Large'],
  rate_limited: [429, 'Too Many Requests'],
  internal: [500, 'Internal Server Error'],
  unavailable: [503, 'Service Unavailable'],
} as const satisfies Record<string, readonly [number, string]>;

export type Code = keyof typeof ERRORS;

/** An answer that is not the wanted one, as the API words it (RFC 9457). */
export function problem(code: Code, retryAfterSeconds?: number): NextResponse {
  const [status, error] = ERRORS[code];
  const requestId = crypto.randomUUID();
  return NextResponse.json(
    { type: 'about:blank', title: error, status, detail: error, error, code, request_id: requestId },
    {
      status,
      headers: {
        'Content-Type': 'application/problem+json',
        'Cache-Control': 'no-store',
        'X-Request-Id': requestId,
        ...(retryAfterSeconds === undefined
          ? {}
          : { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterSeconds))) }),
      },
    },
  );
}
