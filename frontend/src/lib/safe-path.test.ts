import { describe, expect, it } from 'vitest';
import { safePath } from './safe-path';

describe('safePath', () => {
  it.each([
    ['/', '/'],
    ['/app/dashboard', '/app/dashboard'],
    ['/app/dashboard/usage?period=7d&agent=1#dias', '/app/dashboard/usage?period=7d&agent=1#dias'],
    ['/app/dashboard?next=https://evil.example', '/app/dashboard?next=https://evil.example'],
    ['/app/./dashboard/../company', '/app/company'],
    ['/app/São', '/app/S%C3%A3o'],
    ['/%2f%2fevil.example', '/%2f%2fevil.example'],
    ['/@evil.example', '/@evil.example'],
    ['/authors', '/authors'],
  ])('keeps %j', (value, path) => {
    expect(safePath(value)).toBe(path);
  });

  it.each([
    null,
    undefined,
    '',
    'app',
    ' /app',
    'https://evil.example/app',
    'http:evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\\/evil.example',
    '/app\\..\\evil',
    '/\t/evil.example',
    '/\n/evil.example',
    '/\r/evil.example',
    '/\u0000',
    '/\u0085/evil.example',
    '\t//evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '/app/..//evil.example',
    '/%2e//evil.example',
    '/app/%2e%2e//evil.example',
    '/auth/login',
    '/auth',
    '/x/../auth/login?next=/auth/login',
    '/api/auth/sign-out',
    '/_next/static/x.js',
    `/${'a'.repeat(2048)}`,
  ])('refuses %j', (value) => {
    expect(safePath(value)).toBeNull();
  });
});
