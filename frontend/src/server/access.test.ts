// @vitest-environment node
import { describe, expect, it } from 'vitest';
import type { Group } from '@/lib/rights';
import './testing';
import { decide } from './access';
import type { Session } from './session';

const PERSONAS: Record<string, readonly Group[] | null> = {
  nobody: null,
  admin: ['INTERNAL_ADMIN'],
  support: ['INTERNAL_SUPPORT'],
  manager: ['TENANT_ADMIN'],
  user: ['TENANT_USER'],
  both: ['TENANT_USER', 'INTERNAL_SUPPORT'],
  groupless: [],
};

const OPEN = 'next';
const NO = 'forbidden';
const login = (path: string) => `/auth/login?next=${encodeURIComponent(path)}`;

/** A row a page; the columns as in PERSONAS. */
const TABLE: [path: string, ...outcomes: string[]][] = [
  [
    '/',
    '/auth/login',
    '/app/company',
    '/app/company',
    '/app/dashboard',
    '/app/dashboard',
    '/app/company',
    '/app/dashboard',
  ],
  [
    '/app',
    '/auth/login',
    '/app/company',
    '/app/company',
    '/app/dashboard',
    '/app/dashboard',
    '/app/company',
    '/app/dashboard',
  ],
  ['/app/dashboard', login('/app/dashboard'), OPEN, OPEN, OPEN, OPEN, OPEN, NO],
  ['/app/dashboard/usage', login('/app/dashboard/usage'), OPEN, OPEN, OPEN, OPEN, OPEN, NO],
  ['/app/dashboard/integrations', login('/app/dashboard/integrations'), OPEN, OPEN, OPEN, NO, OPEN, NO],
  ['/app/company', login('/app/company'), OPEN, OPEN, NO, NO, OPEN, NO],
  ['/app/company/tenants/1', login('/app/company/tenants/1'), OPEN, OPEN, NO, NO, OPEN, NO],
  ['/app/account', login('/app/account'), OPEN, OPEN, OPEN, OPEN, OPEN, NO],
  ['/auth/login', OPEN, '/', '/', '/', '/', '/', '/'],
  ['/auth/reset', OPEN, '/', '/', '/', '/', '/', '/'],
  ['/icon.svg', OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN],
  ['/forbidden', OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN],
];

const cases = TABLE.flatMap(([path, ...outcomes]) =>
  Object.keys(PERSONAS).map((persona, column) => ({ path, persona, outcome: outcomes[column] })),
);

const sessionOf = (groups: readonly Group[] | null): Session | null =>
  groups && { refreshToken: 'r', username: 'u', sub: 's', groups: [...groups], tenantId: null, authTime: 0 };

describe('decide', () => {
  it.each(cases)('$persona on $path: $outcome', ({ path, persona, outcome }) => {
    const decision = decide(path, { pathname: path, search: '' }, sessionOf(PERSONAS[persona] ?? null));
    expect(decision.kind === 'redirect' ? decision.to : decision.kind).toBe(outcome);
  });

  it('remembers the whole address for after the sign-in', () => {
    expect(decide('/app/dashboard', { pathname: '/app/dashboard', search: '?period=7d&x=1' }, null)).toEqual({
      kind: 'redirect',
      to: login('/app/dashboard?period=7d&x=1'),
    });
  });

  it.each([
    ['?next=/app/account', '/app/account'],
    ['?next=//evil.example', '/'],
    ['?next=https://evil.example', '/'],
    ['?next=/auth/login', '/'],
  ])('sends who is signed in on from the sign-in page, with %s to %s', (search, to) => {
    expect(decide('/auth/login', { pathname: '/auth/login', search }, sessionOf(['TENANT_USER']))).toEqual({
      kind: 'redirect',
      to,
    });
  });
});
