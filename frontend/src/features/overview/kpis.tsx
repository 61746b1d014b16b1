import { SimpleGrid } from '@mantine/core';
import { IconActivity, IconCircleCheck, IconPlug, IconRobot } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import type { TenantIntegrations, TenantMe, TenantUsage } from '@/api/generated';
import { MetricsCard, MetricsCardSkeleton } from '@/components/metrics-card';
import { QueryView } from '@/components/states/query-view';
import { Trend } from '@/components/trend';
import { useFormats } from '@/lib/formats';
import { daysOf, type Period } from '@/lib/period';
import { useTenantHref } from '@/lib/tenant';

interface KpisProps {
  me: UseQueryResult<TenantMe, unknown>;
  usage: UseQueryResult<TenantUsage, unknown>;
  /** Null if they aren't the caller's to see. */
  integrations: UseQueryResult<TenantIntegrations, unknown> | null;
  period: Period;
}

export function Kpis({ me, usage, integrations, period }: KpisProps) {
  const t = useTranslations('dashboard.overview.kpis');
  const formats = useFormats();
  const href = useTenantHref();
  const days = daysOf(period);
  const toUsage = href('/app/dashboard/usage', { period });
  const waiting = <MetricsCardSkeleton />;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: integrations ? 4 : 3 }} spacing="md">
      <QueryView query={me} skeleton={waiting}>
        {({ usage: used, limits }) => (
          <MetricsCard
            title={t('agents')}
            icon={IconRobot}
            value={formats.integer(used.active_agents)}
            note={t('ofLimit', { limit: formats.integer(limits.max_agents) })}
            href={href('/app/dashboard/agents', { status: 'active' })}
          />
        )}
      </QueryView>
      <QueryView query={usage} skeleton={waiting}>
        {({ summary, trend }) => (
          <MetricsCard
            title={t('requests', { period })}
            icon={IconActivity}
            value={formats.integer(summary.total_requests)}
            note={<Trend value={trend.total_requests} unit="percent" days={days} />}
            href={toUsage}
          />
        )}
      </QueryView>
      <QueryView query={usage} skeleton={waiting}>
        {({ summary, trend }) => (
          <MetricsCard
            title={t('successRate')}
            icon={IconCircleCheck}
            value={formats.percent(summary.success_rate)}
            note={<Trend value={trend.success_rate} unit="points" days={days} />}
            href={toUsage}
          />
        )}
      </QueryView>
      {integrations && (
        <QueryView query={integrations} skeleton={waiting}>
          {({ integrations: all }) => (
            <MetricsCard
              title={t('integrations')}
              icon={IconPlug}
              value={formats.integer(all.length)}
              note={t('integrationsNote', {
                active: all.filter(({ status }) => status === 'active').length,
                errors: all.filter(({ status }) => status === 'error').length,
              })}
              href={href('/app/dashboard/integrations')}
            />
          )}
        </QueryView>
      )}
    </SimpleGrid>
  );
}
