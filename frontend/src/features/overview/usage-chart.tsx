import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import type { TenantUsage } from '@/api/generated';
import { ChartSkeleton } from '@/components/charts/chart-figure';
import { Panel } from '@/components/panel';
import { QueryView } from '@/components/states/query-view';
import { RequestsFigure } from '@/features/usage/figures';
import { useFormats } from '@/lib/formats';
import type { Period } from '@/lib/period';
import { useTenantHref } from '@/lib/tenant';

export function UsageChart({ usage, period }: { usage: UseQueryResult<TenantUsage, unknown>; period: Period }) {
  const t = useTranslations('dashboard.overview.chart');
  const formats = useFormats();
  const href = useTenantHref();
  const days = usage.data && t('days', { from: formats.day(usage.data.from), to: formats.day(usage.data.to) });
  return (
    <Panel
      title={t('title')}
      note={days ?? t('note')}
      more={{ label: t('more'), href: href('/app/dashboard/usage', { period }) }}
    >
      <QueryView query={usage} skeleton={<ChartSkeleton />}>
        {(data) => <RequestsFigure usage={data} />}
      </QueryView>
    </Panel>
  );
}
