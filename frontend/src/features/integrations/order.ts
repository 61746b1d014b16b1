import type { TenantIntegration } from '@/api/generated';

const URGENCY = ['error', 'inactive', 'active'];

/** Those that need someone first, then by name. */
export function byUrgency(integrations: readonly TenantIntegration[]): TenantIntegration[] {
  return [...integrations].sort(
    (a, b) => URGENCY.indexOf(a.status) - URGENCY.indexOf(b.status) || a.name.localeCompare(b.name, 'pt-BR'),
  );
}
