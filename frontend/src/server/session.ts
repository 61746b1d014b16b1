import { createHmac } from 'node:crypto';
import { sealData, unsealData } from 'iron-session';
import { cookies } from 'next/headers';
import { cache } from 'react';
import { z } from 'zod';
import { GROUPS } from '@/lib/rights';
import { settings } from './settings';

/** As long as a refresh token lives (`RefreshTokenValidity` in template.yaml), counted from the sign-in. */
export const SESSION_SECONDS = 12 * 60 * 60;
/** As long as Cognito waits for the answer to a challenge. */
export const CHALLENGE_SECONDS = 3 * 60;

const sessionSchema = z.object({
  refreshToken: z.string().min(1),
  /** `cognito:username`, which the client's secret hash is made of. */
  username: z.string().min(1),
  sub: z.string().min(1),
  groups: z.array(z.enum(GROUPS)),
  tenantId: z.string().nullable(),
  /** When the person signed in: seconds since 1970. */
  authTime: z.number().int(),
});

const challengeSchema = z.object({
  name: z.enum(['NEW_PASSWORD_REQUIRED', 'SOFTWARE_TOKEN_MFA', 'MFA_SETUP']),
  session: z.string().min(1),
  username: z.string().min(1),
  email: z.string().min(1),
});

export type Session = z.output<typeof sessionSchema>;
export type Challenge = z.output<typeof challengeSchema>;

interface CookieSource {
  get(name: string): { value: string } | undefined;
}

interface CookieTarget {
  set(name: string, value: string, options: object): unknown;
}

/** Browsers take a `__Host-` cookie over https only. */
function cookieName(name: string): string {
  return settings().webOrigin.startsWith('https:') ? `__Host-${name}` : name;
}

export const sessionCookie = () => cookieName('painel_session');
export const challengeCookie = () => cookieName('painel_challenge');

const attributes = { httpOnly: true, secure: true, sameSite: 'lax', path: '/' } as const;

/** A number that stays with a secret wherever it stands in the list, so that rotating it signs nobody out. */
function keyId(secret: string): number {
  return createHmac('sha256', secret).update('painel session key id').digest().readUInt32BE(0);
}

function keyring(secrets: readonly string[]): Record<string, string> {
  return Object.fromEntries(secrets.map((secret) => [keyId(secret), secret]));
}

async function seal(data: Session | Challenge, seconds: number): Promise<string> {
  return sealData(data, { password: keyring(settings().sessionSecrets.slice(0, 1)), ttl: seconds });
}

async function open<T>(schema: z.ZodType<T>, sealed: string | undefined, seconds: number): Promise<T | null> {
  if (!sealed) return null;
  const data = await unsealData(sealed, { password: keyring(settings().sessionSecrets), ttl: seconds });
  return schema.safeParse(data).data ?? null;
}

function secondsLeft(session: Session, now: number): number {
  return Math.min(SESSION_SECONDS, Math.floor(session.authTime + SESSION_SECONDS - now / 1000));
}

/** The session that the cookie holds: null when there is none, it has ended, or its seal is not ours. */
export async function openSession(source: CookieSource): Promise<Session | null> {
  const session = await open(sessionSchema, source.get(sessionCookie())?.value, SESSION_SECONDS);
  return session && secondsLeft(session, Date.now()) > 0 ? session : null;
}

/** For server components: who is signed in, read once a request. */
export const readSession = cache(async (): Promise<Session | null> => openSession(await cookies()));

/** The cookie ends with the refresh token inside it: renewing the first does not prolong the second. */
export async function saveSession(target: CookieTarget, session: Session): Promise<void> {
  const maxAge = Math.max(1, secondsLeft(session, Date.now()));
  target.set(sessionCookie(), await seal(session, maxAge), { ...attributes, maxAge });
}

export function clearSession(target: CookieTarget): void {
  target.set(sessionCookie(), '', { ...attributes, maxAge: 0 });
}

export async function openChallenge(source: CookieSource): Promise<Challenge | null> {
  return open(challengeSchema, source.get(challengeCookie())?.value, CHALLENGE_SECONDS);
}

/** For server components: the step of a sign-in that is under way. */
export const readChallenge = cache(async (): Promise<Challenge | null> => openChallenge(await cookies()));

export async function saveChallenge(target: CookieTarget, challenge: Challenge): Promise<void> {
  target.set(challengeCookie(), await seal(challenge, CHALLENGE_SECONDS), {
    ...attributes,
    maxAge: CHALLENGE_SECONDS,
  });
}

export function clearChallenge(target: CookieTarget): void {
  target.set(challengeCookie(), '', { ...attributes, maxAge: 0 });
}
