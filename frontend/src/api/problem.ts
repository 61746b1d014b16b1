import type { InvalidInput, Problem } from './generated';

/** What the API answered instead of what was asked for: RFC 9457, or whatever came in its place. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    /** 0 if no answer came at all. */
    readonly status: number,
    readonly code: string,
    readonly requestId: string | null,
    /** Seconds after which asking again makes sense. */
    readonly retryAfter: number | null,
    readonly errors: readonly InvalidInput[] = [],
    detail?: string,
  ) {
    super(detail ?? code);
  }

  /** Whether the same request may succeed later. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The one form of every failure of a request. */
export function toApiError(body: unknown, response: Response | undefined): ApiError {
  if (body instanceof ApiError) return body;
  if (!response) return new ApiError(0, 'unreachable', null, null);
  const said = isProblem(body) ? body : undefined;
  return new ApiError(
    response.status,
    said?.code ?? (response.status >= 500 ? 'unavailable' : 'unexpected'),
    said?.request_id ?? response.headers.get('x-request-id'),
    seconds(response.headers.get('retry-after')),
    said?.errors,
    said?.detail,
  );
}

/** Told by its code: no other answer has one. A schema's library would double what every page loads for its errors. */
function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && typeof body.code === 'string';
}

function seconds(header: string | null): number | null {
  const value = Number(header);
  return header !== null && Number.isFinite(value) && value >= 0 ? value : null;
}
