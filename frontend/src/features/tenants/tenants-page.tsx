'use client';

import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { parseAsString, parseAsStringLiteral } from 'nuqs';
import type { ListedTenant } from '@/api/generated';
import { internalOptionsOptions, internalTenantsOptions } from '@/api/generated/@tanstack/react-query.gen';
import { CsvButton } from '@/components/csv-button';
import { DataTable, type Paging, TableSkeleton } from '@/components/data-table';
import { FilterSelect } from '@/components/filter-select';
import { Freshness } from '@/components/freshness';
import { PageHeader } from '@/components/page-header';
import type { Sorting } from '@/components/rows';
import { SearchInput } from '@/components/search-input';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { StatusBadge } from '@/components/status-badge';
import { useFormats } from '@/lib/formats';
import { useMay } from '@/lib/identity';
import { useFilters, usePage, useSearch } from '@/lib/page';
import { PAGE_RULES } from '@/lib/pages';
import { useServerSort } from '@/lib/sort';
import { dashboardOf } from '@/lib/tenant';
import { STATUSES } from './statuses';
import { useTenantDialog } from './use-tenant-dialog';

const PAGE_SIZE = 20;

export function TenantsPage() {
  const t = useTranslations('company.tenants');
  const mayCreate = useMay('createTenant');
  const dialog = useTenantDialog();
  const { page, offset, setPage } = usePage(PAGE_SIZE);
  const { typed, search, type } = useSearch(setPage);
  const [filters, filter] = useFilters(
    {
      status: parseAsStringLiteral([...STATUSES, 'all']).withDefault('active'),
      plan: parseAsString,
      segment: parseAsString,
    },
    setPage,
  );
  const order = useServerSort<ListedTenant, 'name' | 'created_at' | 'mrr_estimate'>(
    ['name', 'created_at', 'mrr_estimate'],
    { column: 'name', direction: 'asc' },
  );
  const options = useQuery(internalOptionsOptions());
  const query = {
    status: filters.status,
    ...(filters.plan ? { plan: filters.plan } : {}),
    ...(filters.segment ? { segment: filters.segment } : {}),
    ...(search ? { search } : {}),
    ...order.query,
  };
  const tenants = useQuery({
    ...internalTenantsOptions({ query: { ...query, limit: PAGE_SIZE, offset } }),
    placeholderData: keepPreviousData,
  });
  return (
    <Stack gap="md">
      <PageHeader title={t('title')} text={t('text')}>
        <Freshness asOf={tenants.data?.as_of} />
        <CsvButton path="/internal/tenants" query={query} name="tenants" />
        {mayCreate && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => dialog.add()}>
            {t('add')}
          </Button>
        )}
      </PageHeader>
      <Group gap="sm" align="flex-end">
        <SearchInput label={t('search')} value={typed} onChange={type} />
        <FilterSelect
          label={t('status')}
          value={filters.status === 'all' ? null : filters.status}
          options={STATUSES.map((value) => ({ value, label: t(`statuses.${value}`) }))}
          onChange={(status) => filter({ status: (status ?? 'all') as typeof filters.status })}
        />
        <FilterSelect
          label={t('plan')}
          value={filters.plan}
          options={(options.data?.plans ?? []).map(({ name }) => ({ value: name, label: name }))}
          onChange={(plan) => filter({ plan })}
        />
        <FilterSelect
          label={t('segment')}
          value={filters.segment}
          options={(options.data?.segments ?? []).map((value) => ({ value, label: value }))}
          onChange={(segment) => filter({ segment })}
          searchable
        />
      </Group>
      <QueryView
        query={tenants}
        skeleton={<TableSkeleton rows={10} />}
        empty={{ when: (data) => data.total === 0, show: <EmptyState title={t('empty')} text={t('emptyText')} /> }}
      >
        {(data) => (
          <TenantsTable
            tenants={data.tenants}
            fetching={tenants.isPlaceholderData}
            sort={order.sort}
            paging={{ page, size: PAGE_SIZE, total: data.total, onChange: setPage }}
          />
        )}
      </QueryView>
      {dialog.element}
    </Stack>
  );
}

interface TenantsTableProps {
  tenants: ListedTenant[];
  fetching: boolean;
  sort: Sorting<ListedTenant>;
  paging: Paging;
}

function TenantsTable({ tenants, fetching, sort, paging }: TenantsTableProps) {
  const t = useTranslations('company.tenants');
  const formats = useFormats();
  const name = (tenant: ListedTenant) => (
    <div>
      <Anchor component={Link} href={`${PAGE_RULES.tenants.path}/${tenant.id}`} size="sm" fw={550}>
        {tenant.name}
      </Anchor>
      <Text size="xs" c="dimmed">
        {tenant.cnpj}
      </Text>
    </div>
  );
  const actions = (tenant: ListedTenant) => (
    <Group gap="sm" wrap="nowrap" justify="flex-end">
      <Anchor
        component={Link}
        href={dashboardOf(tenant.id)}
        size="sm"
        aria-label={t('viewAsOf', { name: tenant.name })}
      >
        {t('viewAs')}
      </Anchor>
      <Anchor
        component={Link}
        href={`${PAGE_RULES.operations.path}?tenant=${tenant.id}`}
        size="sm"
        aria-label={t('operateOf', { name: tenant.name })}
      >
        {t('operate')}
      </Anchor>
    </Group>
  );
  return (
    <DataTable
      label={t('title')}
      records={tenants}
      idOf={({ id }) => id}
      fetching={fetching}
      sort={sort}
      paging={paging}
      columns={[
        { accessor: 'name', title: t('name'), sortable: true, render: name },
        { accessor: 'segment', title: t('segment'), render: ({ segment }) => segment ?? '–' },
        { accessor: 'plan', title: t('plan') },
        { accessor: 'status', title: t('status'), render: ({ status }) => <StatusBadge status={status} /> },
        {
          accessor: 'mrr_estimate',
          title: t('mrr'),
          sortable: true,
          textAlign: 'right',
          render: (tenant) => formats.money(tenant.mrr_estimate),
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
        { accessor: 'actions', title: t('actions'), textAlign: 'right', render: actions },
      ]}
      card={(tenant) => (
        <Stack gap={6}>
          <Group justify="space-between" wrap="nowrap" align="flex-start">
            {name(tenant)}
            <StatusBadge status={tenant.status} />
          </Group>
          <Text size="xs" c="dimmed">
            {t('cardOf', {
              plan: tenant.plan,
              segment: tenant.segment ?? '–',
              mrr: formats.money(tenant.mrr_estimate),
              agents: tenant.active_agents,
              requests: tenant.requests_last_30_days,
            })}
          </Text>
          {actions(tenant)}
        </Stack>
      )}
    />
  );
}
