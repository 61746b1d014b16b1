'use client';

import { Alert, Button, Group, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { type ReactNode, useState } from 'react';
import { toApiError } from '@/api/problem';
import { ErrorState, OfflineState, RequestId } from './states';

interface QueryViewProps<T> {
  query: Pick<
    UseQueryResult<T, unknown>,
    'data' | 'error' | 'errorUpdateCount' | 'isError' | 'isFetching' | 'fetchStatus' | 'refetch'
  >;
  /** As large as what will come, so that nothing moves when it does. */
  skeleton: ReactNode;
  /** Shown if this says that there is nothing. */
  empty?: { when: (data: T) => boolean; show: ReactNode };
  children: (data: T) => ReactNode;
}

/** The one place that decides what is shown of a request: its skeleton, its failure, its emptiness, its data. */
export function QueryView<T>({ query, skeleton, empty, children }: QueryViewProps<T>) {
  const { data, error, errorUpdateCount, isError, isFetching, fetchStatus, refetch } = query;
  // A request that is repeated forgets its failure, which is to stay on the page until there is something better.
  const [failure, setFailure] = useState<unknown>(null);
  if (isError && error !== failure) setFailure(error);
  const retry = () => void refetch();
  if (data !== undefined) {
    return (
      <>
        {isError && <StaleNotice error={error} retry={retry} retrying={isFetching} />}
        {empty?.when(data) ? empty.show : children(data)}
      </>
    );
  }
  if (fetchStatus === 'paused') return <OfflineState />;
  if (isError || (errorUpdateCount > 0 && failure)) {
    return <ErrorState error={toApiError(isError ? error : failure, undefined)} retry={retry} retrying={isFetching} />;
  }
  return skeleton;
}

/** What is shown is real, only not the newest. */
function StaleNotice({ error, retry, retrying }: { error: unknown; retry: () => void; retrying: boolean }) {
  const t = useTranslations('shell.states.stale');
  return (
    <Alert color="yellow" variant="light" icon={<IconAlertTriangle />} mb="sm" role="status">
      <Group justify="space-between" gap="xs">
        <Text size="sm">{t('text')}</Text>
        <Button size="compact-sm" variant="default" onClick={retry} loading={retrying}>
          {t('retry')}
        </Button>
      </Group>
      <RequestId error={toApiError(error, undefined)} />
    </Alert>
  );
}
