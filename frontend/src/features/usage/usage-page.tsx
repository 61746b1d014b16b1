'use client';

import { SimpleGrid, Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import dynamic from 'next/dynamic';
import { useTranslations } from 'next-intl';
import { parseAsString, useQueryState } from 'nuqs';
import { tenantUsageOptions } from '@/api/generated/@tanstack/react-query.gen';
import { ChartSkeleton } from '@/components/charts/chart-figure';
import { CsvButton } from '@/components/csv-button';
import { Freshness } from '@/components/freshness';
import { PageHeader } from '@/components/page-header';
import { Panel } from '@/components/panel';
import { PeriodPicker } from '@/components/shell/period-picker';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { useFormats } from '@/lib/formats';
import { usePeriod } from '@/lib/period';
import { useTenantQuery } from '@/lib/tenant';
import { AgentsTable } from './agents-table';
import { Comparison, ComparisonSkeleton } from './comparison';
import { DaysTable } from './days-table';
import { AgentsFigure, RequestsFigure, ResponseTimeFigure } from './figures';

/** Fetched while its agents are. */
const AgentSelect = dynamic(() => import('./agent-select').then((select) => select.AgentSelect), {
  ssr: false,
  loading: () => <Skeleton width={220} height={36} />,
});

export function UsagePage() {
  const t = useTranslations('dashboard.usage');
  const formats = useFormats();
  const tenant = useTenantQuery();
  const [period] = usePeriod();
  const [agentId, setAgentId] = useQueryState('agent_id', parseAsString.withOptions({ history: 'push' }));
  const query = { ...tenant, period, ...(agentId ? { agent_id: agentId } : {}) };
  const usage = useQuery(tenantUsageOptions({ query }));
  return (
    <Stack gap="md">
      <PageHeader
        title={t('title')}
        text={usage.data ? t('days', { from: formats.day(usage.data.from), to: formats.day(usage.data.to) }) : '\u00a0'}
      >
        <Freshness asOf={usage.data?.as_of} />
        <PeriodPicker />
        <AgentSelect value={agentId} onChange={(value) => void setAgentId(value)} />
        <CsvButton path="/tenant/usage" query={query} name={`uso-${period}`} />
      </PageHeader>
      <QueryView query={usage} skeleton={<UsageSkeleton />}>
        {(data) =>
          data.summary.total_requests === 0 && data.previous_period.total_requests === 0 ? (
            <EmptyState title={t('empty')} text={t('emptyText')} />
          ) : (
            <>
              <Comparison usage={data} period={period} />
              <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
                <Panel title={t('requests.title')} note={t('requests.note')}>
                  <RequestsFigure usage={data} />
                </Panel>
                <Panel title={t('responseTime.title')} note={t('responseTime.note')}>
                  <ResponseTimeFigure usage={data} />
                </Panel>
              </SimpleGrid>
              <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
                <Panel title={t('byAgent.title')} note={t('byAgent.note')}>
                  <AgentsFigure usage={data} />
                </Panel>
                <Panel title={t('byAgent.table')}>
                  <AgentsTable usage={data} />
                </Panel>
              </SimpleGrid>
              <Panel title={t('byDay.title')} note={t('byDay.note')}>
                <DaysTable usage={data} />
              </Panel>
            </>
          )
        }
      </QueryView>
    </Stack>
  );
}

function UsageSkeleton() {
  return (
    <>
      <ComparisonSkeleton />
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
        <ChartSkeleton />
        <ChartSkeleton />
      </SimpleGrid>
    </>
  );
}
