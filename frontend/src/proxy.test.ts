// @vitest-environment node
import { NextRequest } from 'next/server';
import { describe, expect, it } from 'vitest';
import type { Group } from '@/lib/rights';
import { saveSession } from '@/server/session';
import { nowSeconds, ORIGIN } from '@/server/testing';
import { config, proxy } from './proxy';

async function cookieOf(...groups: Group[]): Promise<string> {
  let cookie = '';
  await saveSession(
    {
      set: (name, value) => {
        cookie = `${name}=${value}`;
      },
    },
    { refreshToken: 'r', username: 'u', sub: 's', groups, tenantId: 't', authTime: nowSeconds() },
  );
  return cookie;
}

const ask = (path: string, init: ConstructorParameters<typeof NextRequest>[1] = {}) =>
  proxy(new NextRequest(`${ORIGIN}${path}`, init));

describe('the proxy', () => {
  it('sends nobody to the sign-in, on the origin of the settings', async () => {
    const response = await proxy(new NextRequest('http://other-name:3000/app/dashboard?period=7d'));
    expect(response.status).toBe(307);
    expect(response.headers.get('location')).toBe(
      `${ORIGIN}/auth/login?next=${encodeURIComponent('/app/dashboard?period=7d')}`,
    );
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it.each(['garbage', 'Fe26.2*1*a*b*c*d*e*f~2', encodeURIComponent('{"groups":["INTERNAL_ADMIN"]}')])(
    'takes the cookie %s for nobody',
    async (value) => {
      const response = await ask('/app/company', { headers: { cookie: `painel_session=${value}` } });
      expect(response.headers.get('location')).toBe(`${ORIGIN}/auth/login?next=%2Fapp%2Fcompany`);
    },
  );

  it.each(['/app/company', '/app/%63ompany', '/app/company/billing', '/app/company/'])(
    'shows a tenant user the refusal on %s',
    async (path) => {
      const response = await ask(path, { headers: { cookie: await cookieOf('TENANT_USER') } });
      expect(new URL(response.headers.get('x-middleware-rewrite') ?? '').pathname).toBe('/forbidden');
    },
  );

  it('lets in who may', async () => {
    const response = await ask('/app/company', { headers: { cookie: await cookieOf('INTERNAL_SUPPORT') } });
    expect(response.headers.get('x-middleware-next')).toBe('1');
  });

  it('gives every answer its policy, and the page the same nonce', async () => {
    const answers = await Promise.all([
      ask('/auth/login'),
      ask('/'),
      ask('/api/tenant/me'),
      ask('/api/auth/sign-in', { method: 'POST' }),
      ask('/app/company', { headers: { cookie: await cookieOf('TENANT_USER') } }),
    ]);
    const nonces = answers.map((response) => {
      expect(response.headers.get('strict-transport-security')).toMatch(/^max-age=\d{8}/);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('referrer-policy')).toBe('same-origin');
      expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin');
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe-eval');
      return /script-src 'self' 'nonce-([\w+/]{22}==)' 'strict-dynamic'/.exec(policy)?.[1];
    });
    expect(new Set(nonces).size).toBe(answers.length);
    expect(nonces).not.toContain(undefined);
    expect(answers[0]?.headers.get('x-middleware-request-x-nonce')).toBe(nonces[0]);
  });

  it('overwrites a nonce that the browser made up', async () => {
    const response = await ask('/auth/login', { headers: { 'x-nonce': 'mine' } });
    expect(response.headers.get('x-middleware-request-x-nonce')).not.toBe('mine');
  });

  it.each(['/api/auth/sign-out', '/api/internal/operations/commands', '/app/dashboard', '/auth/login'])(
    'refuses to change %s for another origin',
    async (path) => {
      for (const headers of [
        {},
        { origin: 'https://evil.example' },
        { origin: ORIGIN, 'sec-fetch-site': 'cross-site' },
      ]) {
        const response = await ask(path, { method: 'POST', headers: headers as HeadersInit });
        expect(response.status).toBe(403);
        expect((await response.json()).code).toBe('origin_denied');
      }
    },
  );

  it('lets changes of our own pages through to the handlers', async () => {
    const response = await ask('/api/auth/sign-out', { method: 'POST', headers: { origin: ORIGIN } });
    expect(response.headers.get('x-middleware-next')).toBe('1');
  });

  it('shows a sign-in form again that was sent without its script', async () => {
    const response = await ask('/auth/login?next=/app', {
      method: 'POST',
      headers: { origin: ORIGIN },
      body: 'email=a&password=b',
    });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe(`${ORIGIN}/auth/login?next=/app`);
  });

  it.each(['/api/other', '/api/', '/api/authors/x', '/%'])('has nothing at %s', async (path) => {
    const response = await ask(path);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  it('leaves static files alone', () => {
    const matcher = new RegExp(`^${config.matcher[0]}$`);
    expect(matcher.test('/_next/static/chunks/a.js')).toBe(false);
    expect(['/', '/app/dashboard', '/api/tenant/me', '/icon.svg', '/_next/image'].every((p) => matcher.test(p))).toBe(
      true,
    );
  });
});
