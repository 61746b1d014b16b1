'use client';

import { Group, Stack, TextInput } from '@mantine/core';
import { DatePickerInput, DatesProvider } from '@mantine/dates';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import dayjs from 'dayjs';
import 'dayjs/locale/pt-br';
import { useTranslations } from 'next-intl';
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { internalAuditOptions } from '@/api/generated/@tanstack/react-query.gen';
import { CsvButton } from '@/components/csv-button';
import { TableSkeleton } from '@/components/data-table';
import { FilterSelect } from '@/components/filter-select';
import { PageHeader } from '@/components/page-header';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { TenantSelect } from '@/features/operations/tenant-select';
import { usePage } from '@/lib/page';
import { AuditTable } from './audit-table';

const PAGE_SIZE = 20;
const TYPING = 300;
const TYPES = [
  'command_created',
  'command_started',
  'command_executed',
  'tenant_created',
  'tenant_changed',
  'tenant_data_read',
  'access_denied',
] as const;

export function AuditPage() {
  const t = useTranslations('company.audit');
  const [filters, setFilters] = useQueryStates(
    {
      type: parseAsStringLiteral(TYPES),
      tenant: parseAsString,
      // Days in UTC, both of them shown.
      from: parseAsString,
      to: parseAsString,
    },
    { history: 'push' },
  );
  const [{ person }, setPerson] = useQueryStates({ person: parseAsString.withDefault('') });
  const [sub] = useDebouncedValue(person.trim(), TYPING);
  const { page, offset, setPage } = usePage(PAGE_SIZE);
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
  const filter = (change: Partial<typeof filters>) => {
    void setFilters(change);
    setPage(1, { history: 'replace' });
  };
  return (
    <Stack gap="md">
      <PageHeader title={t('title')} text={t('text')}>
        <CsvButton path="/internal/audit" query={query} name="auditoria" />
      </PageHeader>
      <DatesProvider settings={{ locale: 'pt-br', firstDayOfWeek: 0 }}>
        <Group gap="sm" align="flex-end">
          <FilterSelect
            label={t('type')}
            value={filters.type}
            options={TYPES.map((value) => ({ value, label: t(`types.${value}`) }))}
            onChange={(value) => filter({ type: value as (typeof TYPES)[number] | null })}
          />
          <TenantSelect label={t('tenant')} value={filters.tenant} onChange={(tenant) => filter({ tenant })} />
          <TextInput
            label={t('personFilter')}
            value={person}
            maxLength={255}
            onChange={(event) => {
              void setPerson({ person: event.currentTarget.value || null });
              setPage(1, { history: 'replace' });
            }}
            w={{ base: '100%', xs: 260 }}
          />
          <DatePickerInput
            label={t('from')}
            value={filters.from}
            valueFormat="DD/MM/YYYY"
            maxDate={filters.to ?? undefined}
            clearable
            clearButtonProps={{ 'aria-label': t('clearFrom') }}
            onChange={(from) => filter({ from })}
            w={{ base: '100%', xs: 170 }}
          />
          <DatePickerInput
            label={t('to')}
            value={filters.to}
            valueFormat="DD/MM/YYYY"
            minDate={filters.from ?? undefined}
            clearable
            clearButtonProps={{ 'aria-label': t('clearTo') }}
            onChange={(to) => filter({ to })}
            w={{ base: '100%', xs: 170 }}
          />
        </Group>
      </DatesProvider>
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
