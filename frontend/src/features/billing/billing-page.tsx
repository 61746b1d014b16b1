'use client';

import { SimpleGrid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import type { BillingOverview } from '@/api/generated';
import { billingOverviewOptions } from '@/api/generated/@tanstack/react-query.gen';
import { ChartSkeleton } from '@/components/charts/chart-figure';
import { DataTable } from '@/components/data-table';
import { Figures, FiguresSkeleton } from '@/components/figures';
import { PageHeader } from '@/components/page-header';
import { Panel } from '@/components/panel';
import { PeriodPicker } from '@/components/shell/period-picker';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { Trend } from '@/components/trend';
import { useFormats } from '@/lib/formats';
import { daysOf, type Period, usePeriod } from '@/lib/period';
import { BridgeFigure, MrrFigure } from './figures';
import { ShareCard } from './share-card';

const FIGURES = 3;

export function BillingPage() {
  const t = useTranslations('company.billing');
  const formats = useFormats();
  const [period] = usePeriod();
  const billing = useQuery(billingOverviewOptions({ query: { period } }));
  return (
    <Stack gap="md">
      <PageHeader
        title={t('title')}
        text={
          billing.data
            ? t('days', { from: formats.day(billing.data.from), to: formats.day(billing.data.to) })
            : '\u00a0'
        }
      >
        <PeriodPicker />
      </PageHeader>
      <QueryView query={billing} skeleton={<Waiting />}>
        {(data) => (
          <>
            <Summary billing={data} period={period} />
            <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
              <Panel title={t('bridge.title')} note={t('bridge.note')}>
                <BridgeFigure billing={data} />
              </Panel>
              <Panel title={t('trend.title')} note={t('trend.note')}>
                <MrrFigure billing={data} />
              </Panel>
            </SimpleGrid>
            <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
              <Panel title={t('byPlan')}>
                <Shares
                  label={t('byPlan')}
                  column={t('plan')}
                  rows={data.by_plan.map((row) => ({ ...row, name: row.plan_name }))}
                />
              </Panel>
              <Panel title={t('bySegment')}>
                <Shares
                  label={t('bySegment')}
                  column={t('segment')}
                  rows={data.by_segment.map((row) => ({ ...row, name: row.segment }))}
                />
              </Panel>
            </SimpleGrid>
          </>
        )}
      </QueryView>
    </Stack>
  );
}

function Summary({ billing, period }: { billing: BillingOverview; period: Period }) {
  const t = useTranslations('company.billing.summary');
  const formats = useFormats();
  const summary = billing.financial_summary;
  const moved = Math.round((summary.end_mrr - summary.start_mrr) * 100) / 100;
  return (
    <Figures
      columns={FIGURES}
      figures={[
        {
          label: t('mrr'),
          value: formats.money(summary.total_mrr),
          note: <Trend value={moved} unit="money" days={daysOf(period)} />,
        },
        { label: t('arr'), value: formats.money(summary.total_arr) },
        { label: t('average'), value: formats.money(summary.avg_mrr_per_tenant) },
        {
          label: t('new'),
          value: formats.money(summary.new_mrr_this_period),
          note: t('tenants', { count: summary.new_tenants }),
        },
        {
          label: t('churned'),
          value: formats.money(summary.churned_mrr_this_period),
          note: t('tenants', { count: summary.churned_tenants }),
        },
        {
          label: t('expansion'),
          value: formats.money(summary.expansion_mrr_this_period),
          note: t('contraction', { value: formats.money(summary.contraction_mrr_this_period) }),
        },
      ]}
    />
  );
}

interface Share {
  name: string;
  tenant_count: number;
  total_mrr: number;
}

function Shares({ label, column, rows }: { label: string; column: string; rows: Share[] }) {
  const t = useTranslations('company.billing');
  const formats = useFormats();
  if (rows.length === 0) return <EmptyState title={t('empty')} />;
  return (
    <DataTable
      label={label}
      records={rows}
      idOf={({ name }) => name}
      columns={[
        { accessor: 'name', title: column },
        {
          accessor: 'tenant_count',
          title: t('tenants'),
          textAlign: 'right',
          render: (row) => formats.integer(row.tenant_count),
        },
        {
          accessor: 'total_mrr',
          title: t('mrr'),
          textAlign: 'right',
          render: (row) => formats.money(row.total_mrr),
        },
      ]}
      card={(row) => <ShareCard name={row.name} tenants={row.tenant_count} mrr={row.total_mrr} />}
    />
  );
}

function Waiting() {
  return (
    <>
      <FiguresSkeleton columns={FIGURES} />
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
        <ChartSkeleton />
        <ChartSkeleton />
      </SimpleGrid>
    </>
  );
}
