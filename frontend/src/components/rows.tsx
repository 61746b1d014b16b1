'use client';

import { UnstyledButton, VisuallyHidden } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconSelector } from '@tabler/icons-react';
import { DataTable, type DataTableColumn, type DataTableSortStatus } from 'mantine-datatable';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import classes from './rows.module.css';

export interface Sorting<T> {
  sortStatus: DataTableSortStatus<T>;
  onSortStatusChange: (status: DataTableSortStatus<T>) => void;
}

interface RowsProps<T> {
  label: string;
  records: T[];
  columns: DataTableColumn<T>[];
  idOf: (record: T) => string;
  sort?: Sorting<T>;
  fetching?: boolean;
}

/** The panel's look of a table. */
export function Rows<T>({ label, records, columns, idOf, sort, fetching }: RowsProps<T>) {
  const t = useTranslations('shell.table');
  return (
    <DataTable<T>
      aria-label={label}
      records={records}
      columns={sort ? columns.map((column) => withSortButton(column, sort)) : columns}
      idAccessor={idOf}
      fetching={fetching}
      noRecordsText={t('nothing')}
      backgroundColor="var(--color-surface)"
      withTableBorder
      borderRadius="md"
      verticalSpacing="sm"
      highlightOnHover
    />
  );
}

/** The kit's own headers of sortable columns speak English and no Space. */
function withSortButton<T>(
  column: DataTableColumn<T>,
  { sortStatus, onSortStatusChange }: Sorting<T>,
): DataTableColumn<T> {
  if (!column.sortable) return column;
  const { accessor } = column;
  const { columnAccessor, direction } = sortStatus;
  const sorted = columnAccessor === accessor ? direction : undefined;
  // The same column again turns round; another keeps the direction.
  const turned = direction === 'asc' ? 'desc' : 'asc';
  const sort = () => onSortStatusChange({ columnAccessor: accessor, direction: sorted ? turned : direction });
  return {
    ...column,
    sortable: false,
    title: (
      <SortButton sorted={sorted} onSort={sort}>
        {column.title}
      </SortButton>
    ),
  };
}

interface SortButtonProps {
  sorted: 'asc' | 'desc' | undefined;
  onSort: () => void;
  children: ReactNode;
}

function SortButton({ sorted, onSort, children }: SortButtonProps) {
  const t = useTranslations('shell.table');
  const Icon = sorted ? { asc: IconArrowUp, desc: IconArrowDown }[sorted] : IconSelector;
  return (
    <UnstyledButton className={classes.sort} onClick={onSort}>
      {children}
      <Icon size={14} stroke={1.7} aria-hidden className={sorted ? undefined : classes.unsorted} />
      {sorted && <VisuallyHidden> {t(sorted === 'asc' ? 'ascending' : 'descending')}</VisuallyHidden>}
    </UnstyledButton>
  );
}
