import { queryOptions } from '@tanstack/react-query';
import { internalTenant } from '@/api/generated';
import { internalTenantQueryKey } from '@/api/generated/@tanstack/react-query.gen';

/** A tenant, with the tag of this very state, which a change has to name. */
export async function fetchTenant(id: string, signal?: AbortSignal) {
  const { data, response } = await internalTenant({ path: { id }, signal, throwOnError: true });
  return { ...data, etag: response.headers.get('etag') ?? '' };
}

export const tenantQuery = (id: string) =>
  queryOptions({
    queryKey: internalTenantQueryKey({ path: { id } }),
    queryFn: ({ signal }) => fetchTenant(id, signal),
  });
