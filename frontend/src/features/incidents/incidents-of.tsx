'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { internalIncidentsOptions } from '@/api/generated/@tanstack/react-query.gen';
import { TableSkeleton } from '@/components/data-table';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { usePage } from '@/lib/page';
import { IncidentsTable } from './incidents-table';

const PAGE_SIZE = 10;

/** A tenant's own incidents. */
export function IncidentsOf({ tenantId }: { tenantId: string }) {
  const t = useTranslations('company.incidents');
  const { page, offset, setPage } = usePage(PAGE_SIZE);
  const incidents = useQuery({
    ...internalIncidentsOptions({ query: { tenant_id: tenantId, limit: PAGE_SIZE, offset } }),
    placeholderData: keepPreviousData,
  });
  return (
    <QueryView
      query={incidents}
      skeleton={<TableSkeleton />}
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
  );
}
