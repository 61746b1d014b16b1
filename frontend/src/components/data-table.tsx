'use client';

import { Card, Group, Pagination, Skeleton, Stack, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import type { DataTableColumn } from 'mantine-datatable';
import dynamic from 'next/dynamic';
import { useTranslations } from 'next-intl';
import { type ReactNode, useEffect } from 'react';
import type { Rows as AnyRows, Sorting } from './rows';

export interface Paging {
  /** From 1. */
  page: number;
  size: number;
  total: number;
  onChange: (page: number, options?: { history: 'replace' }) => void;
}

/** Fetched while the data is: a page is shown before its rows are there. */
const Rows = dynamic(() => import('./rows').then((rows) => rows.Rows), {
  ssr: false,
  loading: () => <TableSkeleton />,
}) as typeof AnyRows;

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
        <Rows label={label} records={records} columns={columns} idOf={idOf} sort={sort} fetching={fetching} />
      )}
      {paging && <Pages {...paging} />}
    </Stack>
  );
}

function Pages({ page, size, total, onChange }: Paging) {
  const t = useTranslations('shell.table');
  const first = (page - 1) * size + 1;
  const last = Math.max(Math.ceil(total / size), 1);
  // An address may name a page that isn't there, or not any more.
  useEffect(() => {
    if (page > last) onChange(last, { history: 'replace' });
  }, [page, last, onChange]);
  return (
    <Group justify="space-between" gap="sm">
      <Text size="sm" c="dimmed" role="status">
        {t('range', { from: Math.min(first, total), to: Math.min(first + size - 1, total), total })}
      </Text>
      {total > size && (
        <Pagination
          size="sm"
          total={last}
          value={page}
          onChange={(next) => onChange(next)}
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
