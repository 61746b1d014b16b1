'use client';

import { Group, Skeleton, Stack } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import dynamic from 'next/dynamic';
import { useTranslations } from 'next-intl';
import { parseAsString, parseAsStringLiteral } from 'nuqs';
import { internalIntegrationsOptions, internalOptionsOptions } from '@/api/generated/@tanstack/react-query.gen';
import { CsvButton } from '@/components/csv-button';
import { TableSkeleton } from '@/components/data-table';
import { FilterSelect } from '@/components/filter-select';
import { PageHeader } from '@/components/page-header';
import { Panel } from '@/components/panel';
import { SearchInput } from '@/components/search-input';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { useFilters, usePage, useSearch } from '@/lib/page';
import { IntegrationsTable } from './integrations-table';
import { STATUSES } from './statuses';

const PAGE_SIZE = 20;

const IntegrationsMap = dynamic(() => import('./integrations-map').then((map) => map.IntegrationsMap), {
  ssr: false,
  loading: () => <Skeleton height={180} />,
});

export function CompanyIntegrationsPage() {
  const t = useTranslations('company.integrations');
  const { page, offset, setPage } = usePage(PAGE_SIZE);
  const { typed, search, type } = useSearch(setPage);
  const [filters, filter] = useFilters({ type: parseAsString, status: parseAsStringLiteral(STATUSES) }, setPage);
  const options = useQuery(internalOptionsOptions());
  const query = {
    ...(filters.type ? { type: filters.type } : {}),
    ...(filters.status ? { status: filters.status } : {}),
    ...(search ? { search } : {}),
  };
  // The map counts all of them, whatever the table is narrowed to.
  const all = useQuery(internalIntegrationsOptions({ query: { limit: 1 } }));
  const integrations = useQuery({
    ...internalIntegrationsOptions({ query: { ...query, limit: PAGE_SIZE, offset } }),
    placeholderData: keepPreviousData,
  });
  return (
    <Stack gap="md">
      <PageHeader title={t('title')} text={t('text')}>
        <CsvButton path="/internal/integrations" query={query} name="integracoes" />
      </PageHeader>
      <Panel title={t('map')} note={t('mapNote')}>
        <QueryView
          query={all}
          skeleton={<Skeleton height={180} />}
          empty={{ when: (data) => data.summary.length === 0, show: <EmptyState title={t('empty')} /> }}
        >
          {(data) => <IntegrationsMap counts={data.summary} onChoose={(type, status) => filter({ type, status })} />}
        </QueryView>
      </Panel>
      <Group gap="sm" align="flex-end">
        <SearchInput label={t('search')} value={typed} onChange={type} />
        <FilterSelect
          label={t('type')}
          value={filters.type}
          options={(options.data?.integration_types ?? []).map((value) => ({ value, label: value }))}
          onChange={(type) => filter({ type })}
        />
        <FilterSelect
          label={t('status')}
          value={filters.status}
          options={STATUSES.map((value) => ({ value, label: t(`statuses.${value}`) }))}
          onChange={(status) => filter({ status: status as (typeof STATUSES)[number] | null })}
        />
      </Group>
      <QueryView
        query={integrations}
        skeleton={<TableSkeleton rows={10} />}
        empty={{ when: (data) => data.total === 0, show: <EmptyState title={t('noMatch')} /> }}
      >
        {(data) => (
          <IntegrationsTable
            ofAll
            integrations={data.integrations}
            fetching={integrations.isPlaceholderData}
            paging={{ page, size: PAGE_SIZE, total: data.total, onChange: setPage }}
          />
        )}
      </QueryView>
    </Stack>
  );
}
