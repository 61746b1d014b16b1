import { describe, expect, it } from 'vitest';
import { ApiError, toApiError } from './problem';

const answer = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers });

describe('toApiError', () => {
  it('reads a problem document', () => {
    const errors = [{ parameter: 'agent_id', message: 'must be a UUID' }];
    const body = { code: 'invalid_parameter', status: 400, detail: 'Not valid.', request_id: 'r1', errors };
    expect(toApiError(body, answer(400))).toMatchObject({
      status: 400,
      code: 'invalid_parameter',
      requestId: 'r1',
      retryAfter: null,
      errors,
      message: 'Not valid.',
    });
  });

  it.each([
    ['nothing', null],
    ['text', '<html>Bad gateway</html>'],
    ['another document', { message: 'Endpoint request timed out' }],
    ['a code that is none', { code: 7 }],
  ])('makes do with %s', (_, body) => {
    expect(toApiError(body, answer(502, { 'x-request-id': 'r2' }))).toMatchObject({
      status: 502,
      code: 'unavailable',
      requestId: 'r2',
    });
    expect(toApiError(body, answer(418))).toMatchObject({ status: 418, code: 'unexpected', requestId: null });
  });

  it('says that no answer came', () => {
    expect(toApiError(new TypeError('Failed to fetch'), undefined)).toMatchObject({ status: 0, code: 'unreachable' });
  });

  it('leaves what it has made before', () => {
    const error = new ApiError(404, 'not_found', null, null);
    expect(toApiError(error, undefined)).toBe(error);
  });

  it.each([
    ['30', 30],
    ['0', 0],
    ['-1', null],
    ['Wed, 21 Oct 2026 07:28:00 GMT', null],
  ])('reads Retry-After: %s as %s', (header, seconds) => {
    expect(toApiError(null, answer(429, { 'retry-after': header })).retryAfter).toBe(seconds);
  });

  it('knows what may pass: no answer, too many requests, and failures of the server', () => {
    const transient = [0, 200, 400, 401, 403, 404, 409, 429, 500, 502, 503].filter(
      (status) => new ApiError(status, 'x', null, null).isTransient,
    );
    expect(transient).toEqual([0, 429, 500, 502, 503]);
  });
});
