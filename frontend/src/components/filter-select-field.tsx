'use client';

import { Select } from '@mantine/core';
import { useTranslations } from 'next-intl';
import { clearButton } from './clear-button';

export interface FilterSelectProps {
  label: string;
  /** Null means all of them. */
  value: string | null;
  options: { value: string; label: string }[];
  onChange: (value: string | null) => void;
  searchable?: boolean;
}

/** One of several, or all. */
export function FilterSelectField({ label, value, options, onChange, searchable = false }: FilterSelectProps) {
  const t = useTranslations('shell.filter');
  return (
    <Select
      label={label}
      placeholder={t('all')}
      data={options}
      value={value}
      onChange={onChange}
      clearable
      searchable={searchable}
      nothingFoundMessage={t('nothing')}
      clearButtonProps={clearButton(t('clear', { label }))}
      w={{ base: '100%', xs: 190 }}
    />
  );
}
