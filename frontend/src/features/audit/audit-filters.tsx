'use client';

import { Group, TextInput } from '@mantine/core';
import { DatePickerInput, DatesProvider } from '@mantine/dates';
import 'dayjs/locale/pt-br';
import { useTranslations } from 'next-intl';
import { clearButton } from '@/components/clear-button';
import { FilterSelect } from '@/components/filter-select';
import { TenantSelect } from '@/features/operations/tenant-select';
import { type AuditType, TYPES } from './types';

interface Filters {
  type: AuditType | null;
  tenant: string | null;
  /** Days in UTC, both of them included. */
  from: string | null;
  to: string | null;
}

interface AuditFiltersProps {
  filters: Filters;
  onFilter: (change: Partial<Filters>) => void;
  person: string;
  onPerson: (sub: string) => void;
}

export function AuditFilters({ filters, onFilter, person, onPerson }: AuditFiltersProps) {
  const t = useTranslations('company.audit');
  return (
    <DatesProvider settings={{ locale: 'pt-br', firstDayOfWeek: 0 }}>
      <Group gap="sm" align="flex-end">
        <FilterSelect
          label={t('type')}
          value={filters.type}
          options={TYPES.map((value) => ({ value, label: t(`types.${value}`) }))}
          onChange={(value) => onFilter({ type: value as AuditType | null })}
        />
        <TenantSelect label={t('tenant')} value={filters.tenant} onChange={(tenant) => onFilter({ tenant })} />
        <TextInput
          label={t('personFilter')}
          value={person}
          maxLength={255}
          onChange={(event) => onPerson(event.currentTarget.value)}
          w={{ base: '100%', xs: 260 }}
        />
        <DatePickerInput
          label={t('from')}
          value={filters.from}
          valueFormat="DD/MM/YYYY"
          maxDate={filters.to ?? undefined}
          clearable
          clearButtonProps={clearButton(t('clearFrom'))}
          onChange={(from) => onFilter({ from })}
          w={{ base: '100%', xs: 170 }}
        />
        <DatePickerInput
          label={t('to')}
          value={filters.to}
          valueFormat="DD/MM/YYYY"
          minDate={filters.from ?? undefined}
          clearable
          clearButtonProps={clearButton(t('clearTo'))}
          onChange={(to) => onFilter({ to })}
          w={{ base: '100%', xs: 170 }}
        />
      </Group>
    </DatesProvider>
  );
}
