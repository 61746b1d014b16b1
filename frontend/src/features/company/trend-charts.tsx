import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import type { BillingOverview, UsageOverview } from '@/api/generated';
import { ChartFigure, ChartSkeleton } from '@/components/charts/chart-figure';
import { DailyRequestsChart } from '@/components/charts/lazy';
import { Panel } from '@/components/panel';
import { QueryView } from '@/components/states/query-view';
import { MrrFigure } from '@/features/billing/figures';
import { useFormats } from '@/lib/formats';
import { PAGE_RULES } from '@/lib/pages';
import type { Period } from '@/lib/period';

export function UsageTrendChart({ usage }: { usage: UseQueryResult<UsageOverview, unknown> }) {
  const t = useTranslations('company.overview.usage');
  return (
    <Panel title={t('title')} note={t('note')}>
      <QueryView query={usage} skeleton={<ChartSkeleton />}>
        {(data) => <UsageFigure usage={data} />}
      </QueryView>
    </Panel>
  );
}

function UsageFigure({ usage }: { usage: UsageOverview }) {
  const t = useTranslations('company.overview.usage');
  const formats = useFormats();
  return (
    <ChartFigure
      summary={t('summary', {
        total: formats.integer(usage.global_stats.total_requests),
        from: formats.day(usage.from),
        to: formats.day(usage.to),
        rate: formats.percent(usage.global_stats.global_success_rate),
      })}
      table={{
        head: [t('day'), t('requests'), t('successRate'), t('activeTenants')],
        rows: usage.daily_trends.map((day) => ({
          key: day.date,
          cells: [
            formats.day(day.date),
            formats.integer(day.total_requests),
            formats.percent(day.success_rate),
            formats.integer(day.active_tenants),
          ],
        })),
      }}
    >
      <DailyRequestsChart
        days={usage.daily_trends}
        axis={t('requests')}
        series={[{ name: 'total_requests', label: t('requests'), color: 'var(--color-chart-1)' }]}
      />
    </ChartFigure>
  );
}

interface RevenueTrendChartProps {
  billing: UseQueryResult<BillingOverview, unknown>;
  period: Period;
}

export function RevenueTrendChart({ billing, period }: RevenueTrendChartProps) {
  const t = useTranslations('company.overview.revenue');
  return (
    <Panel
      title={t('title')}
      note={t('note')}
      more={{ label: t('more'), href: `${PAGE_RULES.billing.path}?period=${period}` }}
    >
      <QueryView query={billing} skeleton={<ChartSkeleton />}>
        {(data) => <MrrFigure billing={data} />}
      </QueryView>
    </Panel>
  );
}
