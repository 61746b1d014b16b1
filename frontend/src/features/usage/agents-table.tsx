import { Anchor, Group, Stack, Text } from '@mantine/core';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { TenantUsage, UsageByAgent } from '@/api/generated';
import { DataTable } from '@/components/data-table';
import { useFormats } from '@/lib/formats';
import { usePeriod } from '@/lib/period';
import { useTenantHref } from '@/lib/tenant';

/** What each agent did; their requests add up to the summary's. */
export function AgentsTable({ usage }: { usage: TenantUsage }) {
  const t = useTranslations('dashboard.usage.byAgent');
  const formats = useFormats();
  const href = useTenantHref();
  const [period] = usePeriod();
  const name = ({ agent_id, agent_name }: UsageByAgent) =>
    agent_id === null ? (
      <Text size="sm">{agent_name}</Text>
    ) : (
      <Anchor component={Link} size="sm" href={href('/app/dashboard/usage', { period, agent_id })}>
        {agent_name ?? agent_id}
      </Anchor>
    );
  return (
    <DataTable
      label={t('table')}
      records={usage.by_agent}
      idOf={({ agent_id }) => agent_id ?? 'none'}
      columns={[
        { accessor: 'agent_name', title: t('agent'), render: name },
        {
          accessor: 'total_requests',
          title: t('requests'),
          textAlign: 'right',
          render: (agent) => formats.integer(agent.total_requests),
        },
        {
          accessor: 'success_rate',
          title: t('successRate'),
          textAlign: 'right',
          render: (agent) => formats.percent(agent.success_rate),
        },
        {
          accessor: 'p95_response_time_ms',
          title: t('p95'),
          textAlign: 'right',
          render: (agent) => formats.milliseconds(agent.p95_response_time_ms),
        },
      ]}
      card={(agent) => (
        <Stack gap={2}>
          {name(agent)}
          <Group gap="xs" c="dimmed" fz="xs">
            <span>{t('requestsOf', { count: formats.integer(agent.total_requests) })}</span>
            <span>{t('successOf', { rate: formats.percent(agent.success_rate) })}</span>
            <span>{t('p95Of', { time: formats.milliseconds(agent.p95_response_time_ms) })}</span>
          </Group>
        </Stack>
      )}
    />
  );
}
