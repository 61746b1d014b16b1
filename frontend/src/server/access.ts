import { ruleOf } from '@/lib/pages';
import { isInternal, may } from '@/lib/rights';
import { safePath } from '@/lib/safe-path';
import type { Session } from './session';

export type Decision = { kind: 'next' } | { kind: 'forbidden' } | { kind: 'redirect'; to: string };

const NEXT: Decision = { kind: 'next' };
const FORBIDDEN: Decision = { kind: 'forbidden' };

function within(path: string, parent: string): boolean {
  return path === parent || path.startsWith(`${parent}/`);
}

export function home(session: Pick<Session, 'groups'>): string {
  return isInternal(session.groups) ? '/app/company' : '/app/dashboard';
}

/** Who may see which page. `path` is decoded; `url` is what the browser asked for. */
export function decide(path: string, url: { search: string; pathname: string }, session: Session | null): Decision {
  if (path === '/' || path === '/app') {
    return { kind: 'redirect', to: session ? home(session) : '/auth/login' };
  }
  if (within(path, '/auth')) {
    return session ? { kind: 'redirect', to: safePath(new URLSearchParams(url.search).get('next')) ?? '/' } : NEXT;
  }
  if (!within(path, '/app')) return NEXT;
  if (!session) {
    const next = new URLSearchParams({ next: url.pathname + url.search });
    return { kind: 'redirect', to: `/auth/login?${next}` };
  }
  if (session.groups.length === 0) return FORBIDDEN;
  const rule = ruleOf(path);
  return !rule || may(session.groups, rule.needs) ? NEXT : FORBIDDEN;
}
