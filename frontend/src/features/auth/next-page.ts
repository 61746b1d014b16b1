import { safePath } from '@/lib/safe-path';
import type { Next } from './replies';

/** The address of a sign-in page, with what has to be remembered on the way to the page that was asked for. */
export function authPage(page: string, next: string | null, more: Record<string, string> = {}): string {
  const query = new URLSearchParams({ ...more, ...(next ? { next } : {}) }).toString();
  return `/auth/${page}${query && `?${query}`}`;
}

/**
 * Where a sign-in goes on. The whole document is loaded, so that nothing of before stays in memory and the server
 * decides anew who may see what.
 */
export function goOn(step: Next, next: string | null): void {
  location.assign(addressOf(step, next));
}

function addressOf(step: Next, next: string | null): string {
  switch (step) {
    case 'done':
      return safePath(next) ?? '/';
    case 'reset':
      return authPage('forgot', next, { reason: 'required' });
    default:
      return authPage(step, next);
  }
}
