'use client';

import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';

/** The API's own bound of a search. */
const LONGEST = 200;

interface SearchInputProps {
  label: string;
  value: string;
  onChange: (text: string) => void;
}

export function SearchInput({ label, value, onChange }: SearchInputProps) {
  return (
    <TextInput
      label={label}
      leftSection={<IconSearch size={16} aria-hidden />}
      value={value}
      maxLength={LONGEST}
      onChange={(event) => onChange(event.currentTarget.value)}
      w={{ base: '100%', xs: 260 }}
    />
  );
}
