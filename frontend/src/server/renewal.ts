import { refresh, type Tokens } from './cognito';
import { AuthFailure } from './failure';
import type { Session } from './session';
import { verifyIdToken } from './tokens';

/** Fresh tokens, and the session as they now describe it: groups or tenant may have changed since. */
export async function renew(session: Session): Promise<{ tokens: Tokens; session: Session; expiresAt: number }> {
  const tokens = await refresh(session.refreshToken, session.username);
  const { person, expiresAt } = await verifyIdToken(tokens.idToken);
  if (person.sub !== session.sub) throw new AuthFailure('session_expired');
  return {
    tokens,
    expiresAt,
    session: { ...person, authTime: session.authTime, refreshToken: tokens.refreshToken ?? session.refreshToken },
  };
}
