import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import type { TenantUsage } from '@/api/generated';
import { Figures, FiguresSkeleton } from '@/components/figures';
import { Trend } from '@/components/trend';
import { useFormats } from '@/lib/formats';
import { daysOf, type Period } from '@/lib/period';

const FIGURES = 6;

/** The period in numbers, beside the same of the period before. */
export function Comparison({ usage, period }: { usage: TenantUsage; period: Period }) {
  const t = useTranslations('dashboard.usage.comparison');
  const formats = useFormats();
  const { summary, previous_period: before, trend } = usage;
  const days = daysOf(period);
  const note = (value: string, change?: ReactNode) => (
    <>
      {t('before', { value })}
      {change && (
        <>
          <br />
          {change}
        </>
      )}
    </>
  );
  return (
    <Figures
      columns={FIGURES}
      figures={[
        {
          label: t('total'),
          value: formats.integer(summary.total_requests),
          note: note(
            formats.integer(before.total_requests),
            <Trend value={trend.total_requests} unit="percent" days={days} />,
          ),
        },
        {
          label: t('failed'),
          value: formats.integer(summary.failed_requests),
          note: note(
            formats.integer(before.failed_requests),
            <Trend value={trend.failed_requests} unit="percent" better="down" days={days} />,
          ),
        },
        {
          label: t('successRate'),
          value: formats.percent(summary.success_rate),
          note: note(
            formats.percent(before.success_rate),
            <Trend value={trend.success_rate} unit="points" days={days} />,
          ),
        },
        {
          label: t('average'),
          value: formats.milliseconds(summary.avg_response_time_ms),
          note: note(
            formats.milliseconds(before.avg_response_time_ms),
            <Trend value={trend.avg_response_time_ms} unit="percent" better="down" days={days} />,
          ),
        },
        {
          label: t('p95'),
          value: formats.milliseconds(summary.p95_response_time_ms),
          note: note(formats.milliseconds(before.p95_response_time_ms)),
        },
        {
          label: t('tokens'),
          value: formats.integer(summary.total_tokens_used),
          note: note(
            formats.integer(before.total_tokens_used),
            <Trend value={trend.total_tokens_used} unit="percent" better="down" days={days} />,
          ),
        },
      ]}
    />
  );
}

export function ComparisonSkeleton() {
  return <FiguresSkeleton columns={FIGURES} />;
}
