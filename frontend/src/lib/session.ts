import { create } from 'zustand';
import { type Token, TokenManager } from './token-manager';

export { SessionUnavailableError } from './token-manager';

/** What the page shows of the person. Rights come from the server (`useIdentity`), not from here. */
export interface Claims {
  sub: string;
  name?: string;
  email?: string;
  'cognito:groups'?: string[];
  'custom:tenant_id'?: string;
}

interface SessionState {
  token: string | null;
  /** Seconds since 1970. */
  expiresAt: number;
  claims: Claims | null;
}

const NOTHING: SessionState = { token: null, expiresAt: 0, claims: null };

/** The token lives here and nowhere else: no storage of the browser ever holds it. */
export const useSession = create<SessionState>()(() => NOTHING);

/** The name and e-mail of who is signed in, once a token is there. */
export function useProfile(): { name: string; email: string } {
  const claims = useSession((state) => state.claims);
  const email = claims?.email ?? '';
  return { name: claims?.name ?? email, email };
}

function readClaims(token: string): Claims {
  const payload = token.split('.')[1] ?? '';
  const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

function store(token: Token | null): void {
  useSession.setState(
    token ? { token: token.value, expiresAt: token.expiresAt, claims: readClaims(token.value) } : NOTHING,
  );
}

function leave(reason: 'expired' | 'signed-out'): void {
  const next = location.pathname + location.search + location.hash;
  const query = new URLSearchParams({ reason: 'expired', next });
  location.assign(reason === 'expired' ? `/auth/login?${query}` : '/auth/login');
}

let manager: TokenManager | undefined;

function tokens(): TokenManager {
  if (manager) return manager;
  manager = new TokenManager({
    fetch: (...request) => fetch(...request),
    locks: navigator.locks,
    channel: typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('painel-session'),
    now: Date.now,
    onToken: store,
    onEnd: leave,
  });
  // A page that comes back from the browser's cache may have been left by a sign-out.
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted && manager?.ended) location.reload();
  });
  return manager;
}

/** Asks for the first token, and joins the other tabs, so that a sign-out in one of them is heard here too. */
export function openOnPage(): void {
  tokens()
    .get()
    .catch(() => {
      // Told by whatever asks for data; here nobody waits.
    });
}

/**
 * `fetch` for the API: with the ID token, renewed in time. A 401 is answered by one renewal and one more try. When the
 * session is over the browser leaves for the sign-in page and the promise never settles; when a token can't be had now
 * it rejects with `SessionUnavailableError`.
 */
export const authorizedFetch: typeof fetch = async (input, init) => {
  const request = new Request(input, init);
  const again = request.clone();
  const token = await tokens().get();
  const response = await fetch(withToken(request, token));
  if (response.status !== 401) return response;
  return fetch(withToken(again, await tokens().get(token)));
};

function withToken(request: Request, token: string): Request {
  const headers = new Headers(request.headers);
  headers.set('Authorization', `Bearer ${token}`);
  return new Request(request, { headers });
}

/** Rejects if the server can't be reached: then the person is still signed in and must be told. */
export async function signOut(): Promise<void> {
  const response = await fetch('/api/auth/sign-out', { method: 'POST' });
  if (!response.ok) throw new Error(`Sign-out answered ${response.status}`);
  tokens().signedOut();
}
