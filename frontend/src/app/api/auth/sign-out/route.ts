import { NextResponse } from 'next/server';
import { z } from 'zod';
import { revoke } from '@/server/cognito';
import { AuthFailure } from '@/server/failure';
import { route } from '@/server/route';
import { clearChallenge, clearSession, openSession } from '@/server/session';

/** The cookie goes whatever Cognito says: who signs out must be signed out. */
export const POST = route(z.object({}), async (_, request) => {
  const session = await openSession(request.cookies);
  const response = new NextResponse(null, { status: 204 });
  clearSession(response.cookies);
  clearChallenge(response.cookies);
  if (session) {
    try {
      await revoke(session.refreshToken);
    } catch (error) {
      // Logged where it happened; the refresh token ends by itself within 12 hours.
      if (!(error instanceof AuthFailure)) throw error;
    }
  }
  return response;
});
