import { parseAsString, useQueryState } from 'nuqs';
import { useIdentity } from './identity';

/**
 * The tenant whose dashboard is shown, as the API wants to hear it: what the address names, or nothing, which means the
 * caller's own. Whether the caller may see it is the API's to say.
 */
export function useTenantQuery(): { tenant_id?: string } {
  const [named] = useQueryState('tenant_id', parseAsString);
  return named ? { tenant_id: named } : {};
}

/** Whether it has to be said first whose dashboard is meant. */
export function useNeedsTenant(): boolean {
  const { tenantId } = useIdentity();
  const { tenant_id } = useTenantQuery();
  return !tenantId && !tenant_id;
}

/** Makes addresses of the dashboard that stay with the tenant that is shown. */
export function useTenantHref(): (path: string, query?: Record<string, string | undefined>) => string {
  const tenant = useTenantQuery();
  return (path, query = {}) => {
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries({ ...query, ...tenant })) if (value) search.set(key, value);
    return search.size > 0 ? `${path}?${search}` : path;
  };
}

/** The dashboard as the tenant sees it, for the internal team. */
export function dashboardOf(tenantId: string): string {
  return `/app/dashboard?${new URLSearchParams({ tenant_id: tenantId })}`;
}
