import { Anchor, Group, Skeleton, Stack, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { TenantAgents } from '@/api/generated';
import { Panel } from '@/components/panel';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { StatusBadge } from '@/components/status-badge';
import { useFormats } from '@/lib/formats';
import { useTenantHref } from '@/lib/tenant';

const SHOWN = 6;

/** The agents that work most. */
export function AgentStatusList({ agents }: { agents: UseQueryResult<TenantAgents, unknown> }) {
  const t = useTranslations('dashboard.overview.agents');
  const formats = useFormats();
  const href = useTenantHref();
  return (
    <Panel title={t('title')} note={t('note')} more={{ label: t('more'), href: href('/app/dashboard/agents') }}>
      <QueryView
        query={agents}
        skeleton={<Skeleton height={260} />}
        empty={{ when: (data) => data.agents.length === 0, show: <EmptyState title={t('empty')} /> }}
      >
        {(data) => (
          <Stack component="ul" gap="sm" p={0} m={0} style={{ listStyle: 'none' }}>
            {[...data.agents]
              .sort((a, b) => b.usage_last_30_days.total_requests - a.usage_last_30_days.total_requests)
              .slice(0, SHOWN)
              .map(({ id, name, status, usage_last_30_days: usage }) => (
                <Group component="li" key={id} justify="space-between" wrap="nowrap" gap="sm">
                  <div style={{ minWidth: 0 }}>
                    <Anchor component={Link} href={href('/app/dashboard/usage', { agent_id: id })} size="sm" fw={550}>
                      {name}
                    </Anchor>
                    <Text size="xs" c="dimmed">
                      {t('usage', {
                        requests: formats.integer(usage.total_requests),
                        rate: formats.percent(usage.success_rate),
                      })}
                    </Text>
                  </div>
                  <StatusBadge status={status} />
                </Group>
              ))}
          </Stack>
        )}
      </QueryView>
    </Panel>
  );
}
