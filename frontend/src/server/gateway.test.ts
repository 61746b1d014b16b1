// @vitest-environment node
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { forward, targetOf } from './gateway';
import { API, ORIGIN } from './testing';

const server = setupServer();
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

const ask = (path: string, init?: RequestInit) => forward(new Request(`${ORIGIN}${path}`, init));

describe('forward', () => {
  it('passes on what the API reads, and no cookie', async () => {
    let seen: Request | undefined;
    server.use(
      http.patch(`${API}/internal/tenants/1`, async ({ request }) => {
        seen = request.clone();
        return HttpResponse.json({ ok: true });
      }),
    );
    await ask('/api/internal/tenants/1?a=1&a=2', {
      method: 'PATCH',
      body: '{"name":"São"}',
      headers: {
        authorization: 'Bearer t',
        'content-type': 'application/json',
        cookie: 'painel_session=x',
        'if-match': '"e"',
        'idempotency-key': 'k',
        referer: `${ORIGIN}/app`,
        'x-forwarded-for': '1.2.3.4',
      },
    });
    expect(new URL(seen?.url ?? '').search).toBe('?a=1&a=2');
    expect(await seen?.text()).toBe('{"name":"São"}');
    expect(Object.fromEntries(seen?.headers ?? [])).toMatchObject({
      authorization: 'Bearer t',
      'content-type': 'application/json',
      'if-match': '"e"',
      'idempotency-key': 'k',
    });
    for (const name of ['cookie', 'referer', 'x-forwarded-for']) expect(seen?.headers.get(name)).toBeNull();
  });

  it.each([
    [200, 'application/json', '{"a":1}'],
    [201, 'application/json', '{"a":1}'],
    [200, 'text/csv; charset=utf-8', 'name\r\n"São, ""x"""\r\n'],
    [404, 'application/problem+json', '{"code":"not_found"}'],
    [429, 'application/problem+json', '{"code":"rate_limited"}'],
    [503, 'application/problem+json', '{"code":"unavailable"}'],
  ])('gives back %d %s as it is', async (status, type, body) => {
    server.use(
      http.get(
        `${API}/tenant/usage`,
        () =>
          new HttpResponse(body, {
            status,
            headers: {
              'Content-Type': type,
              ETag: '"e"',
              'Retry-After': '7',
              'X-Request-Id': 'r',
              'Set-Cookie': 'a=b',
            },
          }),
      ),
    );
    const response = await ask('/api/tenant/usage');
    expect([response.status, await response.text()]).toEqual([status, body]);
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-type': type,
      etag: '"e"',
      'retry-after': '7',
      'x-request-id': 'r',
    });
  });

  it('gives back 304', async () => {
    server.use(
      http.get(`${API}/tenant/me`, ({ request }) =>
        request.headers.get('if-none-match') === '"e"'
          ? new HttpResponse(null, { status: 304, headers: { ETag: '"e"' } })
          : HttpResponse.json({}),
      ),
    );
    const response = await ask('/api/tenant/me', { headers: { 'if-none-match': '"e"' } });
    expect([response.status, response.headers.get('etag'), response.body]).toEqual([304, '"e"', null]);
  });

  it('says that the API is down', async () => {
    server.use(http.get(`${API}/tenant/me`, () => HttpResponse.error()));
    const response = await ask('/api/tenant/me');
    expect(response.status).toBe(503);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toMatchObject({ code: 'unavailable', status: 503 });
  });

  it('takes no more than a megabyte', async () => {
    const response = await ask('/api/internal/operations/commands', { method: 'POST', body: 'x'.repeat(1_100_000) });
    expect(response.status).toBe(413);
  });
});

describe('targetOf', () => {
  it.each([
    ['/api/tenant/me?tenant_id=1', `${API}/tenant/me?tenant_id=1`],
    ['/api/internal/tenants/a%2Fb', `${API}/internal/tenants/a%2Fb`],
  ])('%s is %s', (path, target) => {
    expect(targetOf(new URL(ORIGIN + path), API)?.href).toBe(target);
  });

  it.each(['/api/tenant/%2e%2e/%2e%2e/other/x', '/api/other/x', '/api/tenant', '/api/tenant/%2e%2e/x'])(
    'leads nowhere from %s',
    (path) => {
      expect(targetOf(new URL(ORIGIN + path), API)).toBeNull();
    },
  );
});
