'use client';

import { Anchor, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { ManagedAgent } from '@/api/generated';
import { internalTenantAgentsOptions } from '@/api/generated/@tanstack/react-query.gen';
import { DataTable, TableSkeleton } from '@/components/data-table';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { StatusBadge } from '@/components/status-badge';
import { restartHref } from '@/features/operations/prefill';
import { useFormats } from '@/lib/formats';

/** A tenant's agents, and the command that restarts each. */
export function TenantAgentsTab({ tenantId }: { tenantId: string }) {
  const t = useTranslations('company.tenant.agents');
  const formats = useFormats();
  const query = useQuery(internalTenantAgentsOptions({ path: { id: tenantId } }));
  const restart = (agent: ManagedAgent) =>
    // The command refuses it, so it isn't offered.
    agent.status === 'suspended' ? null : (
      <Anchor
        component={Link}
        size="sm"
        href={restartHref(tenantId, agent.id)}
        aria-label={t('restartOf', { name: agent.name })}
      >
        {t('restart')}
      </Anchor>
    );
  return (
    <QueryView
      query={query}
      skeleton={<TableSkeleton />}
      empty={{ when: ({ agents }) => agents.length === 0, show: <EmptyState title={t('empty')} /> }}
    >
      {({ agents }) => (
        <DataTable
          label={t('title')}
          records={agents}
          idOf={({ id }) => id}
          columns={[
            { accessor: 'name', title: t('name') },
            { accessor: 'status', title: t('status'), render: ({ status }) => <StatusBadge status={status} /> },
            { accessor: 'segment', title: t('segment'), render: ({ segment }) => segment ?? '–' },
            {
              accessor: 'total_requests',
              title: t('requests'),
              textAlign: 'right',
              render: ({ usage_stats }) => formats.integer(usage_stats.total_requests),
            },
            {
              accessor: 'success_rate',
              title: t('successRate'),
              textAlign: 'right',
              render: ({ usage_stats }) => formats.percent(usage_stats.success_rate),
            },
            {
              accessor: 'p95_response_time_ms',
              title: t('p95'),
              textAlign: 'right',
              render: ({ usage_stats }) => formats.milliseconds(usage_stats.p95_response_time_ms),
            },
            {
              accessor: 'last_request_at',
              title: t('lastRequest'),
              render: ({ usage_stats }) => formats.instant(usage_stats.last_request_at),
            },
            {
              accessor: 'restarted_at',
              title: t('restartedAt'),
              render: (agent) => formats.instant(agent.restarted_at),
            },
            { accessor: 'actions', title: t('actions'), textAlign: 'right', render: restart },
          ]}
          card={(agent) => (
            <Stack gap={6}>
              <Group justify="space-between" wrap="nowrap">
                <Text size="sm" fw={550}>
                  {agent.name}
                </Text>
                <StatusBadge status={agent.status} />
              </Group>
              <Text size="xs" c="dimmed">
                {t('cardOf', {
                  requests: formats.integer(agent.usage_stats.total_requests),
                  rate: formats.percent(agent.usage_stats.success_rate),
                  p95: formats.milliseconds(agent.usage_stats.p95_response_time_ms),
                })}
              </Text>
              {restart(agent)}
            </Stack>
          )}
        />
      )}
    </QueryView>
  );
}
