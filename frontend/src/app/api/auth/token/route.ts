import { NextResponse } from 'next/server';
import { z } from 'zod';
import { AuthFailure } from '@/server/failure';
import { problem } from '@/server/problem';
import { renew } from '@/server/renewal';
import { route } from '@/server/route';
import { clearSession, openSession, saveSession } from '@/server/session';

/** The page's short-lived ID token, for the session in the cookie. */
export const POST = route(z.object({}), async (_, request) => {
  try {
    const current = await openSession(request.cookies);
    if (!current) throw new AuthFailure('session_expired');
    const { tokens, session, expiresAt } = await renew(current);
    const response = NextResponse.json({ id_token: tokens.idToken, expires_at: expiresAt });
    await saveSession(response.cookies, session);
    return response;
  } catch (error) {
    if (!(error instanceof AuthFailure && error.code === 'session_expired')) throw error;
    const response = problem('session_expired');
    clearSession(response.cookies);
    return response;
  }
});
