import { QueryClient } from '@tanstack/react-query';
import { authorizedFetch } from '@/lib/session';
import { client } from './generated/client.gen';
import { ApiError, toApiError } from './problem';

const MINUTE = 60_000;
/** A request is repeated this often before the page says that it failed. */
const RETRIES = 2;
/** A wait that is longer is told, not sat out behind a skeleton. */
const PATIENCE = 3000;
/** How long after a failure that may pass the page asks again by itself. */
const RECOVERY = 15_000;

client.setConfig({ fetch: authorizedFetch });
client.interceptors.error.use((error, response) => toApiError(error, response));

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: MINUTE,
        gcTime: 10 * MINUTE,
        retry: (failures, error) => failures < RETRIES && isTransient(error) && waitBefore(failures, error) <= PATIENCE,
        retryDelay: (attempt, error) => waitBefore(attempt, error),
        refetchInterval: ({ state: { status, error } }) =>
          status === 'error' && isTransient(error) ? Math.max(RECOVERY, waitBefore(0, error)) : false,
      },
    },
  });
}

function isTransient(error: unknown): boolean {
  return error instanceof ApiError && error.isTransient;
}

function waitBefore(attempt: number, error: unknown): number {
  const asked = error instanceof ApiError ? error.retryAfter : null;
  return asked === null ? 500 * 2 ** attempt : Math.max(asked, 1) * 1000;
}
