'use client';

import { Group, Stack, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { parseAsString, useQueryState } from 'nuqs';
import type { InternalAgent } from '@/api/generated';
import { internalAgentsOptions, internalOptionsOptions } from '@/api/generated/@tanstack/react-query.gen';
import { CsvButton } from '@/components/csv-button';
import { DataTable, TableSkeleton } from '@/components/data-table';
import { FilterSelect } from '@/components/filter-select';
import { Freshness } from '@/components/freshness';
import { Instant } from '@/components/instant';
import { PageHeader } from '@/components/page-header';
import { SearchInput } from '@/components/search-input';
import { PeriodPicker } from '@/components/shell/period-picker';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { useFormats } from '@/lib/formats';
import { usePage, useSearch } from '@/lib/page';
import { usePeriod } from '@/lib/period';
import { useServerSort } from '@/lib/sort';

const PAGE_SIZE = 20;
const SORTABLE = ['name', 'deployed_count', 'total_requests', 'success_rate'] as const;

/** The catalogue: where each agent is deployed, and how it does everywhere. */
export function CompanyAgentsPage() {
  const t = useTranslations('company.agents');
  const formats = useFormats();
  const [period] = usePeriod();
  const [segment, setSegment] = useQueryState('segment', parseAsString.withOptions({ history: 'push' }));
  const { page, offset, setPage } = usePage(PAGE_SIZE);
  const { typed, search, type } = useSearch(setPage);
  const order = useServerSort<InternalAgent, (typeof SORTABLE)[number]>(SORTABLE, { column: 'name', direction: 'asc' });
  const options = useQuery(internalOptionsOptions());
  const query = {
    period,
    ...(segment ? { segment } : {}),
    ...(search ? { search } : {}),
    ...order.query,
  };
  const agents = useQuery({
    ...internalAgentsOptions({ query: { ...query, limit: PAGE_SIZE, offset } }),
    placeholderData: keepPreviousData,
  });
  return (
    <Stack gap="md">
      <PageHeader
        title={t('title')}
        text={
          agents.data ? t('days', { from: formats.day(agents.data.from), to: formats.day(agents.data.to) }) : '\u00a0'
        }
      >
        <Freshness asOf={agents.data?.as_of} />
        <PeriodPicker />
        <CsvButton path="/internal/agents" query={query} name="agentes" />
      </PageHeader>
      <Group gap="sm" align="flex-end">
        <SearchInput label={t('search')} value={typed} onChange={type} />
        <FilterSelect
          label={t('segment')}
          value={segment}
          options={(options.data?.agent_segments ?? []).map((value) => ({ value, label: value }))}
          onChange={(value) => {
            void setSegment(value);
            setPage(1, { history: 'replace' });
          }}
        />
      </Group>
      <QueryView
        query={agents}
        skeleton={<TableSkeleton rows={10} />}
        empty={{ when: (data) => data.total === 0, show: <EmptyState title={t('empty')} /> }}
      >
        {(data) => (
          <DataTable
            label={t('title')}
            records={data.agents}
            idOf={({ id }) => id}
            fetching={agents.isPlaceholderData}
            sort={order.sort}
            paging={{ page, size: PAGE_SIZE, total: data.total, onChange: setPage }}
            columns={[
              { accessor: 'name', title: t('name'), sortable: true },
              { accessor: 'segment', title: t('segment'), render: (agent) => agent.segment ?? '–' },
              {
                accessor: 'deployed_count',
                title: t('deployed'),
                sortable: true,
                textAlign: 'right',
                render: (agent) => formats.integer(agent.deployed_count),
              },
              {
                accessor: 'total_requests',
                title: t('requests'),
                sortable: true,
                textAlign: 'right',
                render: (agent) => formats.integer(agent.total_requests),
              },
              {
                accessor: 'success_rate',
                title: t('successRate'),
                sortable: true,
                textAlign: 'right',
                render: (agent) => formats.percent(agent.success_rate),
              },
              {
                accessor: 'avg_response_time_ms',
                title: t('average'),
                textAlign: 'right',
                render: (agent) => formats.milliseconds(agent.avg_response_time_ms),
              },
              {
                accessor: 'p95_response_time_ms',
                title: t('p95'),
                textAlign: 'right',
                render: (agent) => formats.milliseconds(agent.p95_response_time_ms),
              },
              {
                accessor: 'last_request_at',
                title: t('lastRequest'),
                render: (agent) => <Instant at={agent.last_request_at} />,
              },
            ]}
            card={(agent) => (
              <Stack gap={4}>
                <Text size="sm" fw={550}>
                  {agent.name}
                </Text>
                <Text size="xs" c="dimmed">
                  {t('cardOf', {
                    segment: agent.segment ?? '–',
                    deployed: agent.deployed_count,
                    requests: agent.total_requests,
                    rate: formats.percent(agent.success_rate),
                    p95: formats.milliseconds(agent.p95_response_time_ms),
                  })}
                </Text>
              </Stack>
            )}
          />
        )}
      </QueryView>
    </Stack>
  );
}
