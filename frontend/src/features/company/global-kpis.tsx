import { SimpleGrid } from '@mantine/core';
import { IconActivity, IconBuildingCommunity, IconCircleCheck, IconCoin, IconRobot } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import type { BillingOverview, UsageOverview } from '@/api/generated';
import { MetricsCard, MetricsCardSkeleton } from '@/components/metrics-card';
import { QueryView } from '@/components/states/query-view';
import { Trend } from '@/components/trend';
import { useFormats } from '@/lib/formats';
import { PAGE_RULES } from '@/lib/pages';
import { daysOf, type Period } from '@/lib/period';

interface GlobalKpisProps {
  usage: UseQueryResult<UsageOverview, unknown>;
  /** Null if revenue isn't the caller's to see. */
  billing: UseQueryResult<BillingOverview, unknown> | null;
  period: Period;
}

export function GlobalKpis({ usage, billing, period }: GlobalKpisProps) {
  const t = useTranslations('company.overview.kpis');
  const formats = useFormats();
  const days = daysOf(period);
  const waiting = <MetricsCardSkeleton />;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3, xl: billing ? 5 : 4 }} spacing="md">
      <QueryView query={usage} skeleton={waiting}>
        {({ global_stats, trend }) => (
          <MetricsCard
            title={t('tenants')}
            icon={IconBuildingCommunity}
            value={formats.integer(global_stats.active_tenants)}
            note={<Trend value={trend.active_tenants} unit="count" days={days} />}
            href={`${PAGE_RULES.tenants.path}?status=active`}
          />
        )}
      </QueryView>
      <QueryView query={usage} skeleton={waiting}>
        {({ global_stats, trend }) => (
          <MetricsCard
            title={t('agents')}
            icon={IconRobot}
            value={formats.integer(global_stats.total_agents_deployed)}
            note={<Trend value={trend.total_agents_deployed} unit="count" days={days} />}
            href={`${PAGE_RULES.companyAgents.path}?period=${period}&sort=deployed_count&order=desc`}
          />
        )}
      </QueryView>
      <QueryView query={usage} skeleton={waiting}>
        {({ requests_last_24_hours: now, requests_previous_24_hours: before }) => (
          <MetricsCard
            title={t('requests')}
            icon={IconActivity}
            value={formats.integer(now)}
            note={<Trend value={before > 0 ? ((now - before) / before) * 100 : null} unit="percent" />}
            href={`${PAGE_RULES.companyAgents.path}?period=7d&sort=total_requests&order=desc`}
          />
        )}
      </QueryView>
      <QueryView query={usage} skeleton={waiting}>
        {({ global_stats, trend }) => (
          <MetricsCard
            title={t('successRate')}
            icon={IconCircleCheck}
            value={formats.percent(global_stats.global_success_rate)}
            note={<Trend value={trend.success_rate} unit="points" days={days} />}
            href={`${PAGE_RULES.companyAgents.path}?period=${period}&sort=success_rate&order=asc`}
          />
        )}
      </QueryView>
      {billing && (
        <QueryView query={billing} skeleton={waiting}>
          {({ financial_summary: { total_mrr, start_mrr, end_mrr } }) => (
            <MetricsCard
              title={t('mrr')}
              icon={IconCoin}
              value={formats.money(total_mrr)}
              note={<Trend value={Math.round((end_mrr - start_mrr) * 100) / 100} unit="money" days={days} />}
              href={`${PAGE_RULES.billing.path}?period=${period}`}
            />
          )}
        </QueryView>
      )}
    </SimpleGrid>
  );
}
