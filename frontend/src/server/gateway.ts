import { readBody } from './body';
import { errorName, logError } from './log';
import { problem } from './problem';
import { settings } from './settings';

/** API Gateway itself gives up after 29 seconds. */
const TIME_BUDGET_MS = 30_000;
const RETRY_AFTER_SECONDS = 5;
/** More than the API takes, so that the refusal is the API's own. */
const MAX_BODY_BYTES = 1024 * 1024;

/** What the API reads. The cookies are this server's, and the API has no use for where a page was. */
const REQUEST_HEADERS = [
  'accept',
  'authorization',
  'cache-control',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'x-request-id',
];

/** About the connection, or about an encoding that fetch has undone already. */
const NOT_FORWARDED = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'date',
  'keep-alive',
  'server',
  'set-cookie',
  'transfer-encoding',
]);

const BODILESS = new Set([204, 304]);

/**
 * Forwards `/api/*` to the API, as CloudFront does in the cloud. A rewrite in the proxy would do the same, but answers
 * an API that is down with a bare 500.
 */
export async function forward(request: Request): Promise<Response> {
  const target = targetOf(new URL(request.url), settings().apiUrl);
  if (!target) return problem('not_found');

  const body = await readBody(request, MAX_BODY_BYTES);
  if (body === null) return problem('too_large');

  const headers = new Headers({ 'accept-encoding': 'identity' });
  for (const name of REQUEST_HEADERS) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  try {
    const answer = await fetch(target, {
      method: request.method,
      headers,
      ...(body.byteLength > 0 ? { body } : {}),
      cache: 'no-store',
      redirect: 'manual',
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIME_BUDGET_MS)]),
    });
    const forwarded = new Headers();
    answer.headers.forEach((value, name) => {
      if (!NOT_FORWARDED.has(name)) forwarded.append(name, value);
    });
    return new Response(BODILESS.has(answer.status) ? null : answer.body, {
      status: answer.status,
      headers: forwarded,
    });
  } catch (error) {
    if (!request.signal.aborted) logError('api_unreachable', { path: target.pathname, error: errorName(error) });
    return problem('unavailable', RETRY_AFTER_SECONDS);
  }
}

/** The API's address of a path under `/api`; null if dots in the path would lead elsewhere. */
export function targetOf(url: URL, apiUrl: string): URL | null {
  const target = new URL(apiUrl + url.pathname.replace(/^\/api/, '') + url.search);
  const base = new URL(`${apiUrl}/`);
  const inside = ['tenant/', 'internal/'].some((area) => target.pathname.startsWith(base.pathname + area));
  return target.origin === base.origin && inside ? target : null;
}
