import { createHmac, randomBytes } from 'node:crypto';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { AuthFailure } from './failure';
import { settings } from './settings';

/**
 * Slows down who guesses passwords and codes, per account and per client address, in the memory of this process.
 * It is the first of two: whatever passes several processes meets Cognito's own lock-out (from the sixth wrong
 * password on, doubling waits up to 15 minutes).
 *
 * Keys are a keyed digest cut to 16 bits, so memory has an upper bound whoever calls with whatever names: at most
 * 65,536 entries a limiter. The key is this process's alone; nobody can look for a name that shares an entry.
 */
const WINDOW_SECONDS = 15 * 60;
const PER_ACCOUNT = 10;
const PER_ADDRESS = 100;
const UNKNOWN_ADDRESS = 'unknown';

export type Action = 'sign-in' | 'challenge' | 'forgot' | 'reset';

export class Throttle {
  readonly #key = randomBytes(32);
  readonly #accounts = new RateLimiterMemory({ keyPrefix: 'account', points: PER_ACCOUNT, duration: WINDOW_SECONDS });
  readonly #addresses = new RateLimiterMemory({ keyPrefix: 'address', points: PER_ADDRESS, duration: WINDOW_SECONDS });

  #bucket(...parts: string[]): string {
    return createHmac('sha256', this.#key).update(parts.join('\n')).digest('hex').slice(0, 4);
  }

  /** Counts an attempt before it is made, so that many at once don't pass together. Returns how to take it back. */
  async take(action: Action, account: string, address: string): Promise<() => Promise<void>> {
    const accountKey = this.#bucket(action, account.trim().toLowerCase());
    const addressKey = this.#bucket(address);
    try {
      await this.#addresses.consume(addressKey);
      await this.#accounts.consume(accountKey);
    } catch (refused) {
      if (refused instanceof RateLimiterRes) throw new AuthFailure('rate_limited', refused.msBeforeNext / 1000);
      throw refused;
    }
    return async () => {
      await this.#accounts.delete(accountKey);
      await this.#addresses.reward(addressKey);
    };
  }
}

/** Route handlers are bundled apart; the counts are the process's. */
const holder = globalThis as { painelThrottle?: Throttle };

export function throttle(): Throttle {
  holder.painelThrottle ??= new Throttle();
  return holder.painelThrottle;
}

/** The address that the outermost of our own proxies saw. What stands before it in the header is the client's word. */
export function clientAddress(headers: Headers): string {
  const hops = headers.get('x-forwarded-for')?.split(',') ?? [];
  return hops.at(-settings().trustedProxies)?.trim() || UNKNOWN_ADDRESS;
}
