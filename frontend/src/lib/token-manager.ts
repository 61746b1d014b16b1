export interface Token {
  value: string;
  /** Seconds since 1970. */
  expiresAt: number;
}

/** What tabs of one browser tell each other. Nothing of it is stored anywhere. */
export type Message = { type: 'token'; token: Token } | { type: 'expired' } | { type: 'signed-out' };

export interface Channel {
  postMessage(message: Message): void;
  onmessage: ((event: MessageEvent<Message>) => void) | null;
}

export interface Environment {
  fetch: typeof fetch;
  /** Absent where the browser has none: then tabs renew on their own. */
  locks: Pick<LockManager, 'request'> | undefined;
  channel: Channel | undefined;
  now: () => number;
  /** A token has come, from the server or from another tab; null when it is gone. */
  onToken: (token: Token | null) => void;
  /** The session is over. Called once. */
  onEnd: (reason: 'expired' | 'signed-out') => void;
}

/** The token could not be had now, and may be later: offline, or the server or Cognito is down. */
export class SessionUnavailableError extends Error {
  override name = 'SessionUnavailableError';

  constructor(options?: ErrorOptions) {
    super('The session could not be renewed', options);
  }
}

const LOCK = 'painel-token';
const RENEW_SECONDS_BEFORE = 60;
const RENEWAL_TIMEOUT_MS = 15_000;
const LOCK_TIMEOUT_MS = 20_000;
/** How long a tab waits for a token that another has renewed and that is still on its way. */
const HANDOVER_MS = 200;

/** Has the ID token of this tab, and renews it: once at a time, in this tab and among all tabs. */
export class TokenManager {
  #token: Token | null = null;
  #renewal: Promise<string> | null = null;
  #ended = false;
  #arrivals = new Set<() => void>();
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
    if (env.channel) env.channel.onmessage = ({ data }) => this.#receive(data);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** A token that is good for another minute. `refused` is one that the API no longer takes. */
  async get(refused?: string): Promise<string> {
    if (this.#ended) return never();
    const usable = this.#usable(refused);
    if (usable) return usable;
    this.#renewal ??= this.#renewInTurn(refused).finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  /** Forgets the token here and in every other tab. */
  signedOut(): void {
    this.#env.channel?.postMessage({ type: 'signed-out' });
    this.#end('signed-out');
  }

  #usable(refused?: string): string | null {
    const token = this.#token;
    if (!token || token.value === refused) return null;
    return token.expiresAt - this.#env.now() / 1000 > RENEW_SECONDS_BEFORE ? token.value : null;
  }

  async #renewInTurn(refused: string | undefined): Promise<string> {
    const { locks } = this.#env;
    if (!locks) return this.#renew();
    // A first token has nobody to come from in time; one in use may have been replaced by another tab just now.
    const inUse = this.#token !== null;
    const alone = await locks.request(LOCK, { ifAvailable: true }, (lock) =>
      lock ? this.#takeOrRenew(refused, inUse) : null,
    );
    if (alone !== null) return alone;
    // Another tab is at it. Its token comes over the channel, perhaps a moment after the lock.
    try {
      return await locks.request(LOCK, { signal: AbortSignal.timeout(LOCK_TIMEOUT_MS) }, () =>
        this.#takeOrRenew(refused, true),
      );
    } catch (error) {
      // A tab that the browser has frozen may keep the lock.
      if (error instanceof DOMException && error.name === 'TimeoutError') return this.#renew();
      throw error;
    }
  }

  async #takeOrRenew(refused: string | undefined, mayArrive: boolean): Promise<string> {
    if (mayArrive && !this.#usable(refused)) await this.#arrival();
    if (this.#ended) return never();
    return this.#usable(refused) ?? this.#renew();
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#arrivals.delete(done);
        resolve();
      };
      const timer = setTimeout(done, HANDOVER_MS);
      this.#arrivals.add(done);
    });
  }

  async #renew(): Promise<string> {
    const response = await this.#request();
    if (response.status === 401) {
      this.#env.channel?.postMessage({ type: 'expired' });
      this.#end('expired');
      return never();
    }
    if (!response.ok) throw new SessionUnavailableError({ cause: response.status });
    const { id_token: value, expires_at: expiresAt } = await response.json();
    const token: Token = { value, expiresAt };
    this.#accept(token);
    this.#env.channel?.postMessage({ type: 'token', token });
    return value;
  }

  async #request(): Promise<Response> {
    try {
      return await this.#env.fetch('/api/auth/token', {
        method: 'POST',
        signal: AbortSignal.timeout(RENEWAL_TIMEOUT_MS),
      });
    } catch (cause) {
      throw new SessionUnavailableError({ cause });
    }
  }

  #accept(token: Token): void {
    if (this.#ended) return;
    this.#token = token;
    this.#env.onToken(token);
    for (const arrived of this.#arrivals) arrived();
  }

  #end(reason: 'expired' | 'signed-out'): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#token = null;
    for (const arrived of this.#arrivals) arrived();
    this.#env.onToken(null);
    this.#env.onEnd(reason);
  }

  #receive(message: Message): void {
    if (message.type === 'token') this.#accept(message.token);
    else this.#end(message.type);
  }
}

/** The page is about to be left: what waits for it must neither fail nor go on. */
function never(): Promise<never> {
  return new Promise(() => {});
}
