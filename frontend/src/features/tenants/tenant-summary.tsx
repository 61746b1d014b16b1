import { Anchor, SimpleGrid, Stack } from '@mantine/core';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { TenantDetails } from '@/api/generated';
import { Facts } from '@/components/facts';
import { Figures } from '@/components/figures';
import { Freshness } from '@/components/freshness';
import { Panel } from '@/components/panel';
import { useFormats } from '@/lib/formats';
import { dashboardOf } from '@/lib/tenant';

const FIGURES = 4;

export function TenantSummary({ details }: { details: TenantDetails }) {
  const t = useTranslations('company.tenant.summary');
  const formats = useFormats();
  const { tenant, usage_summary: usage, agents, users } = details;
  const active = agents.filter(({ status }) => status === 'active').length;
  const enabled = users.filter(({ disabled_at }) => disabled_at === null).length;
  return (
    <Stack gap="md">
      <Figures
        columns={FIGURES}
        figures={[
          { label: t('mrr'), value: formats.money(tenant.mrr_estimate), note: t('plan', { plan: tenant.plan }) },
          {
            label: t('agents'),
            value: formats.integer(active),
            note: t('ofLimit', { limit: formats.integer(tenant.limits.max_agents) }),
          },
          {
            label: t('requests'),
            value: formats.integer(usage.requests_last_30_days),
            note: t('lastWeek', { count: formats.integer(usage.requests_last_7_days) }),
          },
          { label: t('successRate'), value: formats.percent(usage.success_rate_last_30_days), note: t('days') },
        ]}
      />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Panel title={t('record')}>
          <Facts
            facts={[
              [t('cnpj'), tenant.cnpj],
              [t('segment'), tenant.segment ?? '–'],
              [t('createdAt'), formats.instant(tenant.created_at)],
              [t('updatedAt'), formats.instant(tenant.updated_at)],
              [t('users'), t('usersOf', { enabled, all: users.length })],
            ]}
          />
        </Panel>
        <Panel title={t('limits')} actions={<Freshness asOf={usage.as_of} />}>
          <Facts
            facts={[
              [t('maxAgents'), formats.integer(tenant.limits.max_agents)],
              [t('maxUsers'), formats.integer(tenant.limits.max_users)],
              [t('maxRequests'), formats.integer(tenant.limits.max_requests_per_month)],
            ]}
          />
          <Anchor component={Link} href={dashboardOf(tenant.id)} size="sm">
            {t('useOf')}
          </Anchor>
        </Panel>
      </SimpleGrid>
    </Stack>
  );
}
