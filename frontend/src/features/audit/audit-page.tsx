'use client';

import { Skeleton, Stack } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import dayjs from 'dayjs';
import dynamic from 'next/dynamic';
import { useTranslations } from 'next-intl';
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { internalAuditOptions } from '@/api/generated/@tanstack/react-query.gen';
import { CsvButton } from '@/components/csv-button';
import { TableSkeleton } from '@/components/data-table';
import { PageHeader } from '@/components/page-header';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { useFilters, usePage } from '@/lib/page';
import { AuditTable } from './audit-table';
import { TYPES } from './types';

const PAGE_SIZE = 20;
const TYPING = 300;

const AuditFilters = dynamic(() => import('./audit-filters').then((filters) => filters.AuditFilters), {
  ssr: false,
  loading: () => <Skeleton height={61} />,
});

export function AuditPage() {
  const t = useTranslations('company.audit');
  const [{ person }, setPerson] = useQueryStates({ person: parseAsString.withDefault('') });
  const [sub] = useDebouncedValue(person.trim(), TYPING);
  const { page, offset, setPage } = usePage(PAGE_SIZE);
  const [filters, filter] = useFilters(
    {
      type: parseAsStringLiteral(TYPES),
      tenant: parseAsString,
      // Days in UTC, both of them shown.
      from: parseAsString,
      to: parseAsString,
    },
    setPage,
  );
  const query = {
    ...(sub ? { user_sub: sub } : {}),
    ...(filters.type ? { event_type: filters.type } : {}),
    ...(filters.tenant ? { tenant_id: filters.tenant } : {}),
    ...(filters.from ? { from: filters.from } : {}),
    // The API's end isn't part of it.
    ...(filters.to ? { to: dayjs(filters.to).add(1, 'day').format('YYYY-MM-DD') } : {}),
  };
  const audit = useQuery({
    ...internalAuditOptions({ query: { ...query, limit: PAGE_SIZE, offset } }),
    placeholderData: keepPreviousData,
  });
  return (
    <Stack gap="md">
      <PageHeader title={t('title')} text={t('text')}>
        <CsvButton path="/internal/audit" query={query} name="auditoria" />
      </PageHeader>
      <AuditFilters
        filters={filters}
        onFilter={filter}
        person={person}
        onPerson={(typed) => {
          void setPerson({ person: typed || null });
          setPage(1, { history: 'replace' });
        }}
      />
      <QueryView
        query={audit}
        skeleton={<TableSkeleton rows={10} />}
        empty={{ when: (data) => data.total === 0, show: <EmptyState title={t('empty')} /> }}
      >
        {(data) => (
          <AuditTable
            ofAll
            events={data.events}
            fetching={audit.isPlaceholderData}
            paging={{ page, size: PAGE_SIZE, total: data.total, onChange: setPage }}
          />
        )}
      </QueryView>
    </Stack>
  );
}
