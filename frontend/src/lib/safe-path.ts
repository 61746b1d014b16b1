/** Only a base to parse against: what leaves it was not a path of ours. */
const BASE = 'http://origin.invalid';
const PLAIN_PATH = /^\/(?![/\\])[^\\\p{Cc}]*$/u;
const NOT_PAGES = /^\/(auth|api|_next)(\/|$)/;

/**
 * Where to go after signing in, as asked for in `next=`; null for anything but a page of this origin.
 *
 * Browsers drop tabs and newlines from addresses, read `\` as `/`, and `/.//host` resolves to `//host`: so the path is
 * checked as given, resolved, and checked again.
 */
export function safePath(value: string | null | undefined): string | null {
  if (!value || value.length > 2048 || !PLAIN_PATH.test(value) || !URL.canParse(value, BASE)) return null;
  const url = new URL(value, BASE);
  const path = url.pathname + url.search + url.hash;
  if (url.origin !== BASE || !PLAIN_PATH.test(path) || NOT_PAGES.test(url.pathname)) return null;
  return path;
}
