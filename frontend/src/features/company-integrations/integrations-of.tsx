'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { internalIntegrationsOptions } from '@/api/generated/@tanstack/react-query.gen';
import { TableSkeleton } from '@/components/data-table';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { usePage } from '@/lib/page';
import { IntegrationsTable } from './integrations-table';

const PAGE_SIZE = 10;

/** One tenant's integrations. */
export function IntegrationsOf({ tenantId }: { tenantId: string }) {
  const t = useTranslations('company.integrations');
  const { page, offset, setPage } = usePage(PAGE_SIZE);
  const integrations = useQuery({
    ...internalIntegrationsOptions({ query: { tenant_id: tenantId, limit: PAGE_SIZE, offset } }),
    placeholderData: keepPreviousData,
  });
  return (
    <QueryView
      query={integrations}
      skeleton={<TableSkeleton />}
      empty={{ when: (data) => data.total === 0, show: <EmptyState title={t('empty')} /> }}
    >
      {(data) => (
        <IntegrationsTable
          integrations={data.integrations}
          fetching={integrations.isPlaceholderData}
          paging={{ page, size: PAGE_SIZE, total: data.total, onChange: setPage }}
        />
      )}
    </QueryView>
  );
}
