import { QueryObserver } from '@tanstack/react-query';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

vi.mock('@/lib/session', () => ({ authorizedFetch: (...request: Parameters<typeof fetch>) => fetch(...request) }));
const { makeQueryClient } = await import('./query-client');
const { client: api } = await import('./generated/client.gen');
const { tenantMeOptions } = await import('./generated/@tanstack/react-query.gen');
const { ApiError } = await import('./problem');

const failure = (status: number, retryAfter: number | null = null) => new ApiError(status, 'x', null, retryAfter);

/** A page that asks once, and what it then does in time. */
class Page {
  readonly asked = vi.fn<() => Promise<string>>();
  readonly observer;
  readonly #leave;

  constructor(...answers: (Error | string)[]) {
    for (const answer of answers) {
      if (typeof answer === 'string') this.asked.mockResolvedValueOnce(answer);
      else this.asked.mockRejectedValueOnce(answer);
    }
    this.asked.mockResolvedValue('later');
    this.observer = new QueryObserver(makeQueryClient(), { queryKey: ['x'], queryFn: this.asked });
    this.#leave = this.observer.subscribe(() => {});
  }

  get state() {
    const { status, data } = this.observer.getCurrentResult();
    return data ?? status;
  }

  async after(ms: number): Promise<number> {
    await vi.advanceTimersByTimeAsync(ms);
    return this.asked.mock.calls.length;
  }

  leave() {
    this.#leave();
  }
}

describe('repeating requests', () => {
  let page: Page;
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => page.leave());

  it.each([0, 500, 503])('repeats twice after %d, each time later', async (status) => {
    page = new Page(failure(status), failure(status), 'there');
    expect(await page.after(499)).toBe(1);
    expect(await page.after(1)).toBe(2);
    expect(await page.after(999)).toBe(2);
    expect(await page.after(1)).toBe(3);
    expect(page.state).toBe('there');
  });

  it.each([400, 401, 403, 404])('takes %d for an answer, and does not ask again', async (status) => {
    page = new Page(failure(status));
    expect(await page.after(300_000)).toBe(1);
    expect(page.state).toBe('error');
  });

  it('does not repeat what is broken in the page itself', async () => {
    page = new Page(new TypeError('undefined is not a function'));
    expect(await page.after(300_000)).toBe(1);
    expect(page.state).toBe('error');
  });

  it('gives up after the second repetition, and recovers by itself', async () => {
    page = new Page(failure(503), failure(503), failure(503), 'back');
    expect(await page.after(1500)).toBe(3);
    expect(page.state).toBe('error');
    expect(await page.after(14_999)).toBe(3);
    expect(await page.after(1)).toBe(4);
    expect(page.state).toBe('back');
    expect(await page.after(55_000)).toBe(4);
  });

  it('waits as long as the server asks', async () => {
    page = new Page(failure(429, 2), 'there');
    expect(await page.after(1999)).toBe(1);
    expect(await page.after(1)).toBe(2);
    expect(page.state).toBe('there');
  });

  it('says at once that it has to wait long, and comes back when that is over', async () => {
    page = new Page(failure(429, 60), 'back');
    await page.after(0);
    expect(page.state).toBe('error');
    expect(await page.after(59_999)).toBe(1);
    expect(await page.after(1)).toBe(2);
    expect(page.state).toBe('back');
  });

  it('does not hammer a server that asks for no wait at all', async () => {
    page = new Page(failure(429, 0), 'there');
    expect(await page.after(999)).toBe(1);
    expect(await page.after(1)).toBe(2);
  });
});

describe('the generated client', () => {
  const server = setupServer();
  beforeAll(() => {
    server.listen({ onUnhandledFrame: 'error' });
    api.setConfig({ baseUrl: 'http://api.test' });
  });
  afterEach(() => server.resetHandlers());
  afterAll(() => server.close());

  const ask = () => makeQueryClient().fetchQuery({ ...tenantMeOptions(), retry: false });

  it('gives the answer', async () => {
    server.use(http.get('http://api.test/tenant/me', () => HttpResponse.json({ name: 'Pão Dourado' })));
    await expect(ask()).resolves.toEqual({ name: 'Pão Dourado' });
  });

  it('turns a problem document into an error with its code and request id', async () => {
    server.use(
      http.get('http://api.test/tenant/me', () =>
        HttpResponse.json({ code: 'rate_limited', request_id: 'r1' }, { status: 429, headers: { 'Retry-After': '7' } }),
      ),
    );
    const error = await ask().catch((caught) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 429, code: 'rate_limited', requestId: 'r1', retryAfter: 7 });
  });

  it('turns a request that got no answer into one, too', async () => {
    server.use(http.get('http://api.test/tenant/me', () => HttpResponse.error()));
    await expect(ask()).rejects.toMatchObject({ status: 0, code: 'unreachable', isTransient: true });
  });
});
