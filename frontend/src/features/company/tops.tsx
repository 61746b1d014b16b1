import { Anchor, Group, Skeleton, Stack, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import type { UsageOverview } from '@/api/generated';
import { Panel } from '@/components/panel';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { useFormats } from '@/lib/formats';
import { PAGE_RULES } from '@/lib/pages';
import type { Period } from '@/lib/period';

interface TopProps {
  usage: UseQueryResult<UsageOverview, unknown>;
  period: Period;
}

export function TopTenantsByUsage({ usage, period }: TopProps) {
  const t = useTranslations('company.overview.topTenants');
  const formats = useFormats();
  return (
    <Panel
      title={t('title')}
      note={t('note')}
      more={{ label: t('more'), href: `${PAGE_RULES.tenants.path}?status=all` }}
    >
      <Ranking usage={usage} empty={t('empty')} isEmpty={(data) => data.top_tenants_by_usage.length === 0}>
        {(data) =>
          data.top_tenants_by_usage.map((tenant) => (
            <Row
              key={tenant.tenant_id}
              name={tenant.tenant_name ?? t('deleted')}
              href={
                tenant.tenant_name === null ? null : `${PAGE_RULES.tenants.path}/${tenant.tenant_id}?period=${period}`
              }
              value={t('requests', { count: tenant.total_requests })}
              note={t('successRate', { rate: formats.percent(tenant.success_rate) })}
            />
          ))
        }
      </Ranking>
    </Panel>
  );
}

export function TopAgentsByDeployment({ usage, period }: TopProps) {
  const t = useTranslations('company.overview.topAgents');
  const agents = (query: Record<string, string>) => `${PAGE_RULES.companyAgents.path}?${new URLSearchParams(query)}`;
  return (
    <Panel
      title={t('title')}
      more={{ label: t('more'), href: agents({ period, sort: 'deployed_count', order: 'desc' }) }}
    >
      <Ranking usage={usage} empty={t('empty')} isEmpty={(data) => data.top_agents_by_deployment.length === 0}>
        {(data) =>
          data.top_agents_by_deployment.map((agent) => (
            <Row
              key={agent.agent_id}
              name={agent.agent_name}
              href={agents({ period, search: agent.agent_name })}
              value={t('deployed', { count: agent.deployed_count })}
            />
          ))
        }
      </Ranking>
    </Panel>
  );
}

interface RankingProps {
  usage: UseQueryResult<UsageOverview, unknown>;
  empty: string;
  isEmpty: (usage: UsageOverview) => boolean;
  children: (usage: UsageOverview) => ReactNode;
}

function Ranking({ usage, empty, isEmpty, children }: RankingProps) {
  return (
    <QueryView
      query={usage}
      skeleton={<Skeleton height={320} />}
      empty={{ when: isEmpty, show: <EmptyState title={empty} /> }}
    >
      {(data) => (
        <Stack component="ol" gap="xs" p={0} m={0} style={{ listStyle: 'none' }}>
          {children(data)}
        </Stack>
      )}
    </QueryView>
  );
}

function Row({ name, href, value, note }: { name: string; href: string | null; value: string; note?: string }) {
  return (
    <Group component="li" justify="space-between" wrap="nowrap" gap="sm">
      {href ? (
        <Anchor component={Link} href={href} size="sm" fw={550} style={{ minWidth: 0 }}>
          {name}
        </Anchor>
      ) : (
        <Text size="sm" c="dimmed">
          {name}
        </Text>
      )}
      <Stack gap={0} align="flex-end" style={{ flex: 'none' }}>
        <Text size="sm" style={{ fontVariantNumeric: 'tabular-nums' }}>
          {value}
        </Text>
        {note && (
          <Text size="xs" c="dimmed">
            {note}
          </Text>
        )}
      </Stack>
    </Group>
  );
}
