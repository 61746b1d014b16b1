'use client';

import { Loader, Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { type ReactNode, useState } from 'react';
import { internalTenantsOptions } from '@/api/generated/@tanstack/react-query.gen';
import { clearButton } from '@/components/clear-button';
import { tenantQuery } from '@/features/tenants/tenant-query';

export interface TenantSelectProps {
  label: string;
  value: string | null;
  onChange: (tenantId: string | null) => void;
  required?: boolean;
  error?: ReactNode;
}

const OFFERED = 20;
const TYPING = 250;

/** One of thousands of tenants, found by name or CNPJ as the API finds them. */
export function TenantSelectField({ label, value, onChange, required = false, error }: TenantSelectProps) {
  const t = useTranslations('company.operations.form');
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed, TYPING);
  const chosen = useQuery({ ...tenantQuery(value ?? ''), enabled: value !== null });
  const name = chosen.data?.tenant.name;
  // What is in the field once somebody is chosen is a name, and no question.
  const asked = search === name ? '' : search;
  const found = useQuery({
    ...internalTenantsOptions({ query: { status: 'all', limit: OFFERED, ...(asked.trim() ? { search: asked } : {}) } }),
    placeholderData: keepPreviousData,
  });
  const offered = (found.data?.tenants ?? []).map((tenant) => ({ value: tenant.id, label: tenant.name }));
  const data =
    value && name && !offered.some((entry) => entry.value === value) ? [{ value, label: name }, ...offered] : offered;
  return (
    <Select
      label={label}
      required={required}
      error={error}
      placeholder={t('tenantPlaceholder')}
      data={data}
      value={value}
      onChange={onChange}
      searchable
      clearable
      searchValue={typed}
      onSearchChange={setTyped}
      // The API has searched already.
      filter={({ options }) => options}
      nothingFoundMessage={found.isFetching ? <Loader size="xs" /> : t('nothing')}
      clearButtonProps={clearButton(t('clearTenant'))}
      w={{ base: '100%', xs: 300 }}
    />
  );
}
