// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nowSeconds, SECRETS } from './testing';

type Module = typeof import('./session');

interface Put {
  value: string;
  options: Record<string, unknown>;
}

class Jar {
  readonly all = new Map<string, Put>();
  get(name: string) {
    return this.all.get(name);
  }
  set(name: string, value: string, options: object) {
    this.all.set(name, { value, options: { ...options } });
  }
}

/** A server that was started with these settings. */
async function start(environment: Record<string, string> = {}): Promise<Module> {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  vi.resetModules();
  return import('./session');
}

const session = () => ({
  refreshToken: 'refresh',
  username: 'name-1',
  sub: 'sub-1',
  groups: ['TENANT_ADMIN' as const],
  tenantId: 'tenant-1',
  authTime: nowSeconds(),
});

describe('the session cookie', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date('2026-07-01T12:00:00Z') });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });

  it('gives back what was put in, and shows nothing of it', async () => {
    const { openSession, saveSession } = await start();
    const jar = new Jar();
    const put = session();
    await saveSession(jar, put);
    expect(await openSession(jar)).toEqual(put);
    expect(jar.get('painel_session')?.value).not.toContain(Buffer.from('refresh').toString('base64url'));
  });

  it('is for this server only, and never readable by scripts', async () => {
    const { saveSession } = await start();
    const jar = new Jar();
    await saveSession(jar, session());
    expect(jar.get('painel_session')?.options).toEqual({
      httpOnly: true,
      secure: true,
      sameSite: 'lax',
      path: '/',
      maxAge: 12 * 3600,
    });
  });

  it('is bound to the host where there is https', async () => {
    const { saveSession } = await start({ WEB_ORIGIN: 'https://painel.example' });
    const jar = new Jar();
    await saveSession(jar, session());
    expect([...jar.all.keys()]).toEqual(['__Host-painel_session']);
  });

  it('ends 12 hours after the sign-in, however often it was renewed', async () => {
    const { openSession, saveSession } = await start();
    const jar = new Jar();
    const put = session();
    vi.advanceTimersByTime(11 * 3600_000);
    await saveSession(jar, put);
    expect(jar.get('painel_session')?.options.maxAge).toBe(3600);
    vi.advanceTimersByTime(3590_000);
    expect(await openSession(jar)).toEqual(put);
    vi.advanceTimersByTime(20_000);
    expect(await openSession(jar)).toBeNull();
  });

  it.each([
    ['nothing', () => ''],
    ['no seal', () => 'garbage'],
    // Not the last: two of its six bits mean nothing.
    ['a changed character', (sealed: string) => sealed.replace(/.(?=.~)/, (char) => (char === 'A' ? 'B' : 'A'))],
    ['a changed body', (sealed: string) => sealed.replace(/\*([\w-]{8})/, '*AAAAAAAA')],
    ['a cut end', (sealed: string) => sealed.slice(0, -30)],
    ['plain JSON', () => encodeURIComponent(JSON.stringify(session()))],
  ])('holds nobody with %s', async (_, change) => {
    const { openSession, saveSession } = await start();
    const jar = new Jar();
    await saveSession(jar, session());
    const sealed = jar.get('painel_session')?.value ?? '';
    jar.set('painel_session', change(sealed), {});
    expect(jar.get('painel_session')?.value).not.toBe(sealed);
    expect(await openSession(jar)).toBeNull();
  });

  it('opens with a secret that has been replaced, and with none that has been removed', async () => {
    const [old, fresh] = SECRETS;
    const jar = new Jar();
    await (await start({ SESSION_SECRET: old })).saveSession(jar, session());
    const rotated = await start({ SESSION_SECRET: `${fresh},${old}` });
    expect(await rotated.openSession(jar)).not.toBeNull();

    const renewed = new Jar();
    await rotated.saveSession(renewed, session());
    const later = await start({ SESSION_SECRET: fresh });
    expect(await later.openSession(renewed)).not.toBeNull();
    expect(await later.openSession(jar)).toBeNull();
  });

  it('holds nobody if it holds something else', async () => {
    const { openSession, saveChallenge, saveSession } = await start();
    const jar = new Jar();
    await saveChallenge(jar, { name: 'MFA_SETUP', session: 's', username: 'u', email: 'e' });
    jar.set('painel_session', jar.get('painel_challenge')?.value ?? '', {});
    expect(await openSession(jar)).toBeNull();
    await saveSession(jar, { ...session(), groups: ['ROOT' as 'TENANT_USER'] });
    expect(await openSession(jar)).toBeNull();
  });

  it('keeps a challenge for three minutes', async () => {
    const { openChallenge, saveChallenge } = await start();
    const jar = new Jar();
    const challenge = { name: 'SOFTWARE_TOKEN_MFA', session: 's', username: 'u', email: 'e' } as const;
    await saveChallenge(jar, challenge);
    vi.advanceTimersByTime(170_000);
    expect(await openChallenge(jar)).toEqual(challenge);
    // The library allows for a minute of difference between clocks.
    vi.advanceTimersByTime(80_000);
    expect(await openChallenge(jar)).toBeNull();
  });
});
