// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import './testing';
import { AuthFailure } from './failure';
import { clientAddress, Throttle } from './throttle';

const refusal = async (attempt: Promise<unknown>) => {
  const error = await attempt.then(
    () => null,
    (thrown) => thrown,
  );
  return error instanceof AuthFailure ? error : null;
};

describe('Throttle', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('lets ten attempts on an account pass, and tells when the next may', async () => {
    const throttle = new Throttle();
    for (let attempt = 0; attempt < 10; attempt++) await throttle.take('sign-in', 'ana@example.com', '10.0.0.1');
    const refused = await refusal(throttle.take('sign-in', ' ANA@example.com', '10.0.0.2'));
    expect(refused?.code).toBe('rate_limited');
    expect(refused?.retryAfterSeconds).toBeCloseTo(900, 0);
    expect(await refusal(throttle.take('sign-in', 'bia@example.com', '10.0.0.2'))).toBeNull();
    expect(await refusal(throttle.take('reset', 'ana@example.com', '10.0.0.2'))).toBeNull();
    vi.advanceTimersByTime(900_001);
    expect(await refusal(throttle.take('sign-in', 'ana@example.com', '10.0.0.1'))).toBeNull();
  });

  it('lets no more pass when they come at once', async () => {
    const throttle = new Throttle();
    const tries = Array.from({ length: 30 }, () => refusal(throttle.take('sign-in', 'ana@example.com', '10.0.0.1')));
    expect((await Promise.all(tries)).filter((refused) => refused === null)).toHaveLength(10);
  });

  it('counts what comes from one address over all accounts', async () => {
    const throttle = new Throttle();
    for (let attempt = 0; attempt < 100; attempt++) {
      await throttle.take('sign-in', `person-${attempt}@example.com`, '10.0.0.1');
    }
    expect(await refusal(throttle.take('forgot', 'other@example.com', '10.0.0.1'))).not.toBeNull();
    expect(await refusal(throttle.take('forgot', 'other@example.com', '10.0.0.2'))).toBeNull();
  });

  it('forgets the attempts of who proved to be the person', async () => {
    const throttle = new Throttle();
    for (let attempt = 0; attempt < 9; attempt++) await throttle.take('sign-in', 'ana@example.com', '10.0.0.1');
    const takeBack = await throttle.take('sign-in', 'ana@example.com', '10.0.0.1');
    await takeBack();
    for (let attempt = 0; attempt < 10; attempt++) await throttle.take('sign-in', 'ana@example.com', '10.0.0.1');
    expect(await refusal(throttle.take('sign-in', 'ana@example.com', '10.0.0.1'))).not.toBeNull();
  });
});

describe('clientAddress', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['1.2.3.4, 203.0.113.7', '203.0.113.7'],
    ['', 'unknown'],
  ])('takes of %j what our own proxy saw', (forwarded, address) => {
    expect(clientAddress(new Headers({ 'x-forwarded-for': forwarded }))).toBe(address);
  });
});
