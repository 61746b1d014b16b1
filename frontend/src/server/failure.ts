import type { Code } from './problem';

/** An outcome that the person at the form can be told of, by its code. */
export class AuthFailure extends Error {
  override name = 'AuthFailure';

  constructor(
    readonly code: Code,
    readonly retryAfterSeconds?: number,
  ) {
    super(code);
  }
}
