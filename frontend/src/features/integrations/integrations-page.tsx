'use client';

import { SegmentedControl, Stack, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import type { TenantIntegration } from '@/api/generated';
import { tenantIntegrationsOptions } from '@/api/generated/@tanstack/react-query.gen';
import { DataTable, TableSkeleton } from '@/components/data-table';
import { PageHeader } from '@/components/page-header';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { StatusBadge } from '@/components/status-badge';
import { useTenantQuery } from '@/lib/tenant';
import { IntegrationType } from './integration-type';
import { byUrgency } from './order';
import { SyncedAt } from './synced-at';

const STATUSES = ['all', 'active', 'inactive', 'error'] as const;
type Status = (typeof STATUSES)[number];

export function IntegrationsPage() {
  const t = useTranslations('dashboard.integrations');
  const [status, setStatus] = useQueryState(
    'status',
    parseAsStringLiteral(STATUSES).withDefault('all').withOptions({ history: 'push' }),
  );
  const query = useQuery(tenantIntegrationsOptions({ query: useTenantQuery() }));
  const narrow = useMediaQuery('(max-width: 36em)', false, { getInitialValueInEffect: false });
  const all = query.data?.integrations ?? [];
  const count = (wanted: Status) =>
    wanted === 'all' ? all.length : all.filter((integration) => integration.status === wanted).length;
  return (
    <Stack gap="md">
      <PageHeader title={t('title')} text={t('text')} />
      <QueryView
        query={query}
        skeleton={<TableSkeleton />}
        empty={{
          when: ({ integrations }) => integrations.length === 0,
          show: <EmptyState title={t('empty')} text={t('emptyText')} />,
        }}
      >
        {({ integrations }) => {
          const shown = byUrgency(integrations).filter(
            (integration) => status === 'all' || integration.status === status,
          );
          return (
            <>
              <SegmentedControl
                aria-label={t('filter')}
                value={status}
                onChange={(value) => void setStatus(value as Status)}
                data={STATUSES.map((value) => ({ value, label: t(`statuses.${value}`, { count: count(value) }) }))}
                orientation={narrow ? 'vertical' : 'horizontal'}
                w={narrow ? '100%' : 'fit-content'}
              />
              {shown.length === 0 ? <EmptyState title={t('noneOfStatus')} /> : <Table integrations={shown} />}
            </>
          );
        }}
      </QueryView>
    </Stack>
  );
}

function Table({ integrations }: { integrations: TenantIntegration[] }) {
  const t = useTranslations('dashboard.integrations');
  return (
    <DataTable
      label={t('title')}
      records={integrations}
      idOf={({ id }) => id}
      columns={[
        { accessor: 'type', title: t('type'), render: ({ type }) => <IntegrationType type={type} /> },
        { accessor: 'name', title: t('name') },
        { accessor: 'status', title: t('status'), render: ({ status }) => <StatusBadge status={status} feminine /> },
        {
          accessor: 'last_sync_at',
          title: t('lastSync'),
          render: ({ last_sync_at }) => <SyncedAt at={last_sync_at} />,
        },
        {
          accessor: 'last_error',
          title: t('lastError'),
          render: ({ last_error }) => <Text size="sm">{last_error ?? '–'}</Text>,
        },
      ]}
      card={(integration) => (
        <Stack gap={6}>
          <IntegrationType type={integration.type} />
          <Text size="sm" fw={550}>
            {integration.name}
          </Text>
          <StatusBadge status={integration.status} feminine />
          <Text size="xs" c="dimmed">
            <SyncedAt at={integration.last_sync_at} />
          </Text>
          {integration.last_error && <Text size="xs">{integration.last_error}</Text>}
        </Stack>
      )}
    />
  );
}
