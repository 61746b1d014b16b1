import { authorizedFetch } from '@/lib/session';
import { toApiError } from './problem';

/** Asks the API for the same list as CSV and hands it to the browser as a download; whether more rows exist than it holds. */
export async function downloadCsv(
  path: string,
  query: Record<string, unknown>,
  name: string,
): Promise<{ truncated: boolean }> {
  const url = new URL(`/api${path}`, window.location.origin);
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) url.searchParams.set(key, String(value));
  }
  const response = await authorizedFetch(new Request(url, { headers: { Accept: 'text/csv' } })).catch((error) => {
    throw toApiError(error, undefined);
  });
  if (!response.ok) throw toApiError(await response.json().catch(() => null), response);
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = address;
  link.download = `${name}.csv`;
  link.click();
  URL.revokeObjectURL(address);
  return { truncated: response.headers.get('x-truncated') === 'true' };
}
