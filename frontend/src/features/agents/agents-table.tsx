import { Anchor, Group, Stack, Text } from '@mantine/core';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { TenantAgent } from '@/api/generated';
import { Sparkline } from '@/components/charts/lazy';
import { DataTable } from '@/components/data-table';
import { StatusBadge } from '@/components/status-badge';
import { useFormats } from '@/lib/formats';
import { useSorted } from '@/lib/sort';
import { useTenantHref } from '@/lib/tenant';

export function AgentsTable({ agents, fetching }: { agents: TenantAgent[]; fetching: boolean }) {
  const t = useTranslations('dashboard.agents');
  const formats = useFormats();
  const href = useTenantHref();
  const { sorted, sort } = useSorted<TenantAgent>(
    agents,
    {
      name: ({ name }) => name,
      segment: ({ segment }) => segment,
      total_requests: ({ usage_last_30_days }) => usage_last_30_days.total_requests,
      success_rate: ({ usage_last_30_days }) => usage_last_30_days.success_rate,
      avg_response_time_ms: ({ usage_last_30_days }) => usage_last_30_days.avg_response_time_ms,
      p95_response_time_ms: ({ usage_last_30_days }) => usage_last_30_days.p95_response_time_ms,
    },
    { column: 'name', direction: 'asc' },
  );
  const name = (agent: TenantAgent) => (
    <Anchor component={Link} size="sm" fw={550} href={href('/app/dashboard/usage', { agent_id: agent.id })}>
      {agent.name}
    </Anchor>
  );
  return (
    <DataTable
      label={t('title')}
      records={sorted}
      idOf={({ id }) => id}
      fetching={fetching}
      sort={sort}
      columns={[
        { accessor: 'name', title: t('name'), sortable: true, render: name },
        { accessor: 'status', title: t('status'), render: ({ status }) => <StatusBadge status={status} /> },
        { accessor: 'segment', title: t('segment'), sortable: true, render: ({ segment }) => segment ?? '–' },
        {
          accessor: 'total_requests',
          title: t('requests'),
          sortable: true,
          textAlign: 'right',
          render: ({ usage_last_30_days: usage }) => formats.integer(usage.total_requests),
        },
        {
          accessor: 'daily_requests',
          title: t('course'),
          render: (agent) => <Course agent={agent} />,
        },
        {
          accessor: 'success_rate',
          title: t('successRate'),
          sortable: true,
          textAlign: 'right',
          render: ({ usage_last_30_days: usage }) => formats.percent(usage.success_rate),
        },
        {
          accessor: 'avg_response_time_ms',
          title: t('average'),
          sortable: true,
          textAlign: 'right',
          render: ({ usage_last_30_days: usage }) => formats.milliseconds(usage.avg_response_time_ms),
        },
        {
          accessor: 'p95_response_time_ms',
          title: t('p95'),
          sortable: true,
          textAlign: 'right',
          render: ({ usage_last_30_days: usage }) => formats.milliseconds(usage.p95_response_time_ms),
        },
        { accessor: 'activated_at', title: t('activatedAt'), render: ({ activated_at }) => formats.day(activated_at) },
      ]}
      card={(agent) => (
        <Stack gap={6}>
          <Group justify="space-between" wrap="nowrap">
            {name(agent)}
            <StatusBadge status={agent.status} />
          </Group>
          <Course agent={agent} />
          <Text size="xs" c="dimmed">
            {t('cardOf', {
              requests: formats.integer(agent.usage_last_30_days.total_requests),
              rate: formats.percent(agent.usage_last_30_days.success_rate),
              p95: formats.milliseconds(agent.usage_last_30_days.p95_response_time_ms),
            })}
          </Text>
        </Stack>
      )}
    />
  );
}

/** The last 30 days at a glance; their sum and their peak for whoever can't see it. */
function Course({ agent }: { agent: TenantAgent }) {
  const t = useTranslations('dashboard.agents');
  const formats = useFormats();
  const { daily_requests: days } = agent.usage_last_30_days;
  return (
    <div role="img" aria-label={t('courseOf', { peak: formats.integer(Math.max(...days)) })}>
      <div aria-hidden>
        <Sparkline values={days} />
      </div>
    </div>
  );
}
