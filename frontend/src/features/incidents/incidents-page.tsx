'use client';

import { Group, Stack } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { parseAsStringLiteral } from 'nuqs';
import { internalIncidentsOptions } from '@/api/generated/@tanstack/react-query.gen';
import { CsvButton } from '@/components/csv-button';
import { TableSkeleton } from '@/components/data-table';
import { FilterSelect } from '@/components/filter-select';
import { PageHeader } from '@/components/page-header';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { useFilters, usePage } from '@/lib/page';
import { IncidentsTable } from './incidents-table';

const PAGE_SIZE = 20;
const SEVERITIES = ['info', 'warning', 'error', 'critical'] as const;
const STATES = ['open', 'resolved'] as const;

export function IncidentsPage() {
  const t = useTranslations('company.incidents');
  const severities = useTranslations('shell.severity');
  const { page, offset, setPage } = usePage(PAGE_SIZE);
  const [filters, filter] = useFilters(
    { severity: parseAsStringLiteral(SEVERITIES), state: parseAsStringLiteral(STATES) },
    setPage,
  );
  const query = {
    ...(filters.severity ? { severity: filters.severity } : {}),
    ...(filters.state ? { state: filters.state } : {}),
  };
  const incidents = useQuery({
    ...internalIncidentsOptions({ query: { ...query, limit: PAGE_SIZE, offset } }),
    placeholderData: keepPreviousData,
  });
  return (
    <Stack gap="md">
      <PageHeader title={t('title')} text={t('text')}>
        <CsvButton path="/internal/incidents" query={query} name="incidentes" />
      </PageHeader>
      <Group gap="sm" align="flex-end">
        <FilterSelect
          label={t('severity')}
          value={filters.severity}
          options={SEVERITIES.map((value) => ({ value, label: severities(value) }))}
          onChange={(value) => filter({ severity: value as (typeof SEVERITIES)[number] | null })}
        />
        <FilterSelect
          label={t('state')}
          value={filters.state}
          options={STATES.map((value) => ({ value, label: t(`states.${value}`) }))}
          onChange={(value) => filter({ state: value as (typeof STATES)[number] | null })}
        />
      </Group>
      <QueryView
        query={incidents}
        skeleton={<TableSkeleton rows={10} />}
        empty={{ when: (data) => data.total === 0, show: <EmptyState title={t('empty')} /> }}
      >
        {(data) => (
          <IncidentsTable
            incidents={data.incidents}
            fetching={incidents.isPlaceholderData}
            paging={{ page, size: PAGE_SIZE, total: data.total, onChange: setPage }}
          />
        )}
      </QueryView>
    </Stack>
  );
}
