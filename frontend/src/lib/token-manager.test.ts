// @vitest-environment node
import { describe, expect, it, vi } from 'vitest';
import { type Message, SessionUnavailableError, type Token, TokenManager } from './token-manager';

const START = 1_800_000_000;

/** A browser with tabs: one lock manager, one channel, one server, one clock. */
class Browser {
  seconds = START;
  asked = 0;
  online = true;
  status = 200;
  /** How long a message from tab to tab is on its way. */
  latencyMs = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  readonly #channels: { tab: number; onmessage: ((event: MessageEvent<Message>) => void) | null }[] = [];

  readonly locks = {
    request: async (_name: string, ...rest: unknown[]) => {
      const [options, run] = rest.length === 2 ? rest : [{}, rest[0]];
      if ((options as LockOptions).ifAvailable && this.#waiting > 0) return (run as (lock: null) => unknown)(null);
      this.#waiting += 1;
      const hold = async () => {
        try {
          return await (run as (lock: object) => unknown)({});
        } finally {
          this.#waiting -= 1;
        }
      };
      const turn = this.#queue.then(hold);
      this.#queue = turn.catch(() => {});
      return turn;
    },
  } as unknown as Pick<LockManager, 'request'>;

  tab(withLocks = true) {
    const tab = this.#channels.length;
    const channel = {
      tab,
      onmessage: null as ((event: MessageEvent<Message>) => void) | null,
      postMessage: (data: Message) => {
        for (const other of this.#channels) {
          if (other.tab !== tab) setTimeout(() => other.onmessage?.({ data } as MessageEvent<Message>), this.latencyMs);
        }
      },
    };
    this.#channels.push(channel);
    const tokens: (Token | null)[] = [];
    const onEnd = vi.fn();
    const manager = new TokenManager({
      fetch: this.fetch,
      locks: withLocks ? this.locks : undefined,
      channel,
      now: () => this.seconds * 1000,
      onToken: (token) => tokens.push(token),
      onEnd,
    });
    return { manager, onEnd, tokens };
  }

  readonly fetch = vi.fn(async (path: unknown, init?: RequestInit) => {
    expect([path, init?.method]).toEqual(['/api/auth/token', 'POST']);
    this.asked += 1;
    const number = this.asked;
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (!this.online) throw new TypeError('Failed to fetch');
    if (this.status !== 200) return Response.json({ code: 'x' }, { status: this.status });
    return Response.json({ id_token: `token-${number}`, expires_at: this.seconds + 900 });
  }) as unknown as typeof fetch;
}

const isPending = async (promise: Promise<unknown>) =>
  (await Promise.race([promise, new Promise((resolve) => setTimeout(() => resolve('pending'), 30))])) === 'pending';

describe('one tab', () => {
  it('renews once for ten requests at once', async () => {
    const browser = new Browser();
    const { manager } = browser.tab();
    const tokens = await Promise.all(Array.from({ length: 10 }, () => manager.get()));
    expect(new Set(tokens)).toEqual(new Set(['token-1']));
    expect(browser.asked).toBe(1);
  });

  it('keeps a token until a minute before its end', async () => {
    const browser = new Browser();
    const { manager } = browser.tab();
    await manager.get();
    browser.seconds += 900 - 61;
    expect(await manager.get()).toBe('token-1');
    browser.seconds += 1;
    expect(await manager.get()).toBe('token-2');
  });

  it('replaces a token that the API refused, once for all that it was refused to', async () => {
    const browser = new Browser();
    const { manager } = browser.tab();
    const refused = await manager.get();
    const fresh = await Promise.all(Array.from({ length: 10 }, () => manager.get(refused)));
    expect(new Set(fresh)).toEqual(new Set(['token-2']));
    // Who hears of the refusal later takes what has come since.
    expect(await manager.get(refused)).toBe('token-2');
    expect(browser.asked).toBe(2);
  });

  it('leaves once when the session is over, and lets nothing go on', async () => {
    const browser = new Browser();
    browser.status = 401;
    const { manager, onEnd, tokens } = browser.tab();
    const waiting = Array.from({ length: 10 }, () => manager.get());
    await vi.waitFor(() => expect(onEnd).toHaveBeenCalled());
    expect(await isPending(Promise.race(waiting))).toBe(true);
    expect(await isPending(manager.get())).toBe(true);
    expect(onEnd.mock.calls).toEqual([['expired']]);
    expect(tokens).toEqual([null]);
    expect(browser.asked).toBe(1);
  });

  it.each([503, 500, 429])('fails, stays, and tries again later, after a %d', async (status) => {
    const browser = new Browser();
    browser.status = status;
    const { manager, onEnd } = browser.tab();
    await expect(manager.get()).rejects.toBeInstanceOf(SessionUnavailableError);
    browser.status = 200;
    expect(await manager.get()).toBe('token-2');
    expect(onEnd).not.toHaveBeenCalled();
  });

  it('fails and stays when offline', async () => {
    const browser = new Browser();
    browser.online = false;
    const { manager, onEnd } = browser.tab();
    await expect(manager.get()).rejects.toBeInstanceOf(SessionUnavailableError);
    expect(onEnd).not.toHaveBeenCalled();
  });

  it('works where the browser has no locks', async () => {
    const browser = new Browser();
    const { manager } = browser.tab(false);
    expect(await Promise.all([manager.get(), manager.get()])).toEqual(['token-1', 'token-1']);
  });
});

describe('several tabs', () => {
  it.each([0, 40])('renew once, when messages take %d ms', async (latencyMs) => {
    const browser = new Browser();
    browser.latencyMs = latencyMs;
    const tabs = [browser.tab(), browser.tab(), browser.tab()];
    const tokens = await Promise.all(tabs.flatMap(({ manager }) => [manager.get(), manager.get(), manager.get()]));
    expect(new Set(tokens)).toEqual(new Set(['token-1']));
    expect(browser.asked).toBe(1);
  });

  it('use what another tab has renewed', async () => {
    const browser = new Browser();
    const [one, two] = [browser.tab(), browser.tab()];
    await one.manager.get();
    await vi.waitFor(() => expect(two.tokens).toHaveLength(1));
    expect(await two.manager.get()).toBe('token-1');
    expect(two.tokens).toEqual([{ value: 'token-1', expiresAt: START + 900 }]);
    expect(browser.asked).toBe(1);
  });

  it('take what another tab has just renewed, though it is still on its way', async () => {
    const browser = new Browser();
    const [one, two] = [browser.tab(), browser.tab()];
    const refused = await one.manager.get();
    await vi.waitFor(() => expect(two.tokens).toHaveLength(1));
    browser.latencyMs = 40;
    expect(await one.manager.get(refused)).toBe('token-2');
    expect(await two.manager.get(refused)).toBe('token-2');
    expect(browser.asked).toBe(2);
  });

  it('renew in their turn when the first one failed', async () => {
    const browser = new Browser();
    browser.status = 503;
    const [one, two] = [browser.tab(), browser.tab()];
    const first = one.manager.get();
    await new Promise((resolve) => setTimeout(resolve, 1));
    const second = two.manager.get();
    await expect(first).rejects.toBeInstanceOf(SessionUnavailableError);
    browser.status = 200;
    expect(await second).toBe('token-2');
  });

  it('all leave when the session is over, each once, after one question', async () => {
    const browser = new Browser();
    browser.status = 401;
    const tabs = [browser.tab(), browser.tab(), browser.tab()];
    const waiting = tabs.map(({ manager }) => manager.get());
    await vi.waitFor(() => {
      for (const { onEnd } of tabs) expect(onEnd.mock.calls).toEqual([['expired']]);
    });
    expect(await isPending(Promise.race(waiting))).toBe(true);
    expect(browser.asked).toBe(1);
  });

  it('all leave when one signs out', async () => {
    const browser = new Browser();
    const [one, two] = [browser.tab(), browser.tab()];
    await one.manager.get();
    one.manager.signedOut();
    await vi.waitFor(() => expect(two.onEnd).toHaveBeenCalled());
    expect(one.onEnd.mock.calls).toEqual([['signed-out']]);
    expect(two.onEnd.mock.calls).toEqual([['signed-out']]);
    expect(await isPending(two.manager.get())).toBe(true);
    expect(two.tokens.at(-1)).toBeNull();
  });
});
