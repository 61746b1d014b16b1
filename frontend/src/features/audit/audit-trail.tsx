'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { internalAuditOptions } from '@/api/generated/@tanstack/react-query.gen';
import { TableSkeleton } from '@/components/data-table';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { usePage } from '@/lib/page';
import { AuditTable } from './audit-table';

const PAGE_SIZE = 10;

/** What was done to one tenant, and who read it. */
export function AuditTrail({ tenantId }: { tenantId: string }) {
  const t = useTranslations('company.audit');
  const { page, offset, setPage } = usePage(PAGE_SIZE);
  const audit = useQuery({
    ...internalAuditOptions({ query: { tenant_id: tenantId, limit: PAGE_SIZE, offset } }),
    placeholderData: keepPreviousData,
  });
  return (
    <QueryView
      query={audit}
      skeleton={<TableSkeleton />}
      empty={{ when: (data) => data.total === 0, show: <EmptyState title={t('empty')} /> }}
    >
      {(data) => (
        <AuditTable
          events={data.events}
          fetching={audit.isPlaceholderData}
          paging={{ page, size: PAGE_SIZE, total: data.total, onChange: setPage }}
        />
      )}
    </QueryView>
  );
}
