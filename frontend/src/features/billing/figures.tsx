'use client';

import { useTranslations } from 'next-intl';
import type { BillingOverview } from '@/api/generated';
import { ChartFigure } from '@/components/charts/chart-figure';
import { BridgeChart, DailyLinesChart } from '@/components/charts/lazy';
import { useFormats } from '@/lib/formats';

/** The monthly recurring revenue at the end of each day. */
export function MrrFigure({ billing }: { billing: BillingOverview }) {
  const t = useTranslations('company.billing.trend');
  const formats = useFormats();
  const { start_mrr, end_mrr } = billing.financial_summary;
  return (
    <ChartFigure
      summary={t('summary', {
        start: formats.money(start_mrr),
        end: formats.money(end_mrr),
        from: formats.day(billing.from),
        to: formats.day(billing.to),
      })}
      table={{
        head: [t('day'), t('mrr'), t('new'), t('expansion'), t('contraction'), t('churned')],
        rows: billing.revenue_trend.map((day) => ({
          key: day.date,
          cells: [
            formats.day(day.date),
            ...[day.mrr, day.new_mrr, day.expansion_mrr, day.contraction_mrr, day.churned_mrr].map(formats.money),
          ],
        })),
      }}
    >
      <DailyLinesChart
        days={billing.revenue_trend}
        axis={t('axis')}
        unit="money"
        series={[{ name: 'mrr', label: t('mrr'), color: 'var(--color-chart-1)' }]}
      />
    </ChartFigure>
  );
}

/** From the revenue before the period over what moved it to the revenue now. */
export function BridgeFigure({ billing }: { billing: BillingOverview }) {
  const t = useTranslations('company.billing.bridge');
  const formats = useFormats();
  const summary = billing.financial_summary;
  const total = 'var(--color-chart-1)';
  const steps = [
    { item: t('start'), value: summary.start_mrr, color: total },
    { item: t('new'), value: summary.new_mrr_this_period, color: 'var(--color-good)' },
    { item: t('expansion'), value: summary.expansion_mrr_this_period, color: 'var(--color-good)' },
    { item: t('contraction'), value: -summary.contraction_mrr_this_period, color: 'var(--color-bad)' },
    { item: t('churned'), value: -summary.churned_mrr_this_period, color: 'var(--color-bad)' },
    { item: t('end'), value: summary.end_mrr, color: total, standalone: true },
  ];
  return (
    <ChartFigure
      summary={t('summary', {
        start: formats.money(summary.start_mrr),
        added: formats.money(cents(summary.new_mrr_this_period + summary.expansion_mrr_this_period)),
        lost: formats.money(cents(summary.contraction_mrr_this_period + summary.churned_mrr_this_period)),
        end: formats.money(summary.end_mrr),
      })}
      table={{
        head: [t('step'), t('value')],
        rows: steps.map(({ item, value }) => ({ key: item, cells: [item, formats.money(value)] })),
      }}
    >
      <BridgeChart steps={steps} label={t('value')} axis={t('axis')} />
    </ChartFigure>
  );
}

/** Sums of amounts with two decimals have two decimals. */
function cents(amount: number): number {
  return Math.round(amount * 100) / 100;
}
