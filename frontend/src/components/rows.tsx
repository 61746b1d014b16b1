'use client';

import { DataTable, type DataTableColumn, type DataTableSortStatus } from 'mantine-datatable';
import { useTranslations } from 'next-intl';

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
      columns={columns}
      idAccessor={idOf}
      fetching={fetching}
      noRecordsText={t('nothing')}
      backgroundColor="var(--color-surface)"
      withTableBorder
      borderRadius="md"
      verticalSpacing="sm"
      highlightOnHover
      {...(sort as Sorting<T>)}
    />
  );
}
