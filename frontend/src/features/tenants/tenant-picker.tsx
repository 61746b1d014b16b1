'use client';

import { Anchor, Group, Stack, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { usePathname, useSearchParams } from 'next/navigation';
import { useTranslations } from 'next-intl';
import type { ListedTenant } from '@/api/generated';
import { internalTenantsOptions } from '@/api/generated/@tanstack/react-query.gen';
import { DataTable, TableSkeleton } from '@/components/data-table';
import { SearchInput } from '@/components/search-input';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { StatusBadge } from '@/components/status-badge';
import { useFormats } from '@/lib/formats';
import { usePage, useSearch } from '@/lib/page';
import { dashboardOf } from '@/lib/tenant';

const PAGE_SIZE = 10;
const DASHBOARD = '/app/dashboard';

/** Every company, to go to the dashboard of one; on a page of the dashboard, to that page. */
export function TenantPicker() {
  const t = useTranslations('shell.tenantPicker');
  const formats = useFormats();
  const path = usePathname();
  const { page, offset, setPage } = usePage(PAGE_SIZE);
  const { typed, search, type } = useSearch(setPage);
  const tenants = useQuery({
    ...internalTenantsOptions({
      query: { search, sort_by: 'name', sort_order: 'asc', limit: PAGE_SIZE, offset },
    }),
    placeholderData: keepPreviousData,
  });
  const asked = useSearchParams();
  const hrefOf = ({ id }: ListedTenant) => {
    if (!path.startsWith(DASHBOARD)) return dashboardOf(id);
    const query = new URLSearchParams(asked);
    // These two are the picker's own.
    for (const own of ['search', 'page']) query.delete(own);
    query.set('tenant_id', id);
    return `${path}?${query}`;
  };
  const open = (tenant: ListedTenant) => (
    <Anchor component={Link} href={hrefOf(tenant)} size="sm" fw={550}>
      {tenant.name}
    </Anchor>
  );
  return (
    <Stack gap="md">
      <SearchInput label={t('search')} value={typed} onChange={type} />
      <QueryView
        query={tenants}
        skeleton={<TableSkeleton rows={PAGE_SIZE} />}
        empty={{
          when: (data) => data.total === 0,
          show: <EmptyState title={t('nothing')} text={t('nothingText')} />,
        }}
      >
        {(data) => (
          <DataTable
            label={t('table')}
            records={data.tenants}
            idOf={(tenant) => tenant.id}
            fetching={tenants.isPlaceholderData}
            columns={[
              { accessor: 'name', title: t('name'), render: open },
              { accessor: 'cnpj', title: t('cnpj') },
              { accessor: 'plan', title: t('plan') },
              {
                accessor: 'status',
                title: t('status'),
                render: ({ status }) => <StatusBadge status={status} feminine />,
              },
              {
                accessor: 'active_agents',
                title: t('agents'),
                textAlign: 'right',
                render: (tenant) => formats.integer(tenant.active_agents),
              },
              {
                accessor: 'requests_last_30_days',
                title: t('requests'),
                textAlign: 'right',
                render: (tenant) => formats.integer(tenant.requests_last_30_days),
              },
            ]}
            card={(tenant) => (
              <Stack gap={4}>
                <Group justify="space-between" wrap="nowrap">
                  {open(tenant)}
                  <StatusBadge status={tenant.status} feminine />
                </Group>
                <Text size="xs" c="dimmed">
                  {tenant.cnpj} · {tenant.plan}
                </Text>
              </Stack>
            )}
            paging={{ page, size: PAGE_SIZE, total: data.total, onChange: setPage }}
          />
        )}
      </QueryView>
    </Stack>
  );
}
