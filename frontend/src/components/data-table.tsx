'use client';

import { Card, Group, Pagination, Skeleton, Stack, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { type DataTableColumn, type DataTableSortStatus, DataTable as MantineDataTable } from 'mantine-datatable';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';

export interface Paging {
  /** From 1. */
  page: number;
  size: number;
  total: number;
  onChange: (page: number) => void;
}

export interface Sorting<T> {
  sortStatus: DataTableSortStatus<T>;
  onSortStatusChange: (status: DataTableSortStatus<T>) => void;
}

interface DataTableProps<T> {
  /** What a screen reader calls it. */
  label: string;
  records: T[];
  columns: DataTableColumn<T>[];
  idOf: (record: T) => string;
  /** One record where there is no room for columns. */
  card: (record: T) => ReactNode;
  sort?: Sorting<T>;
  paging?: Paging;
  fetching?: boolean;
}

/** Rows where there is room for them, cards where there isn't. */
export function DataTable<T>({ label, records, columns, idOf, card, sort, paging, fetching }: DataTableProps<T>) {
  const narrow = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false });
  return (
    <Stack gap="sm">
      {narrow ? (
        <Stack component="ul" gap="xs" aria-label={label} p={0} m={0} style={{ listStyle: 'none' }}>
          {records.map((record) => (
            <Card component="li" key={idOf(record)} padding="sm">
              {card(record)}
            </Card>
          ))}
        </Stack>
      ) : (
        <MantineDataTable<T>
          aria-label={label}
          records={records}
          columns={columns}
          idAccessor={idOf}
          fetching={fetching}
          backgroundColor="var(--color-surface)"
          withTableBorder
          borderRadius="md"
          verticalSpacing="sm"
          highlightOnHover
          {...(sort as Sorting<T>)}
        />
      )}
      {paging && <Pages {...paging} />}
    </Stack>
  );
}

function Pages({ page, size, total, onChange }: Paging) {
  const t = useTranslations('shell.table');
  const first = (page - 1) * size + 1;
  return (
    <Group justify="space-between" gap="sm">
      <Text size="sm" c="dimmed" role="status">
        {t('range', { from: Math.min(first, total), to: Math.min(first + size - 1, total), total })}
      </Text>
      {total > size && (
        <Pagination
          size="sm"
          total={Math.ceil(total / size)}
          value={page}
          onChange={onChange}
          siblings={0}
          getControlProps={(control) => ({ 'aria-label': t(control as 'next') })}
          getItemProps={(item) => ({ 'aria-label': t('page', { page: item }) })}
        />
      )}
    </Group>
  );
}

export function TableSkeleton({ rows = 6 }: { rows?: number }) {
  return (
    <Stack gap="xs" aria-hidden>
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index.toString()} height={38} />
      ))}
    </Stack>
  );
}
