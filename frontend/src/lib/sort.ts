import type { DataTableSortStatus } from 'mantine-datatable';
import { parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';

type Value = string | number | null;

/** Records in an order that the address keeps; what is missing comes last either way, and the order is stable. */
export function useSorted<T>(
  records: readonly T[],
  by: Record<string, (record: T) => Value>,
  first: { column: string; direction: 'asc' | 'desc' },
) {
  const [{ sort, order }, set] = useQueryStates(
    {
      sort: parseAsString.withDefault(first.column),
      order: parseAsStringLiteral(['asc', 'desc']).withDefault(first.direction),
    },
    { history: 'push' },
  );
  // What somebody typed into the address may name no column.
  const known = Object.hasOwn(by, sort) ? { column: sort, direction: order } : first;
  const value = by[known.column];
  const sorted = value ? [...records].sort((a, b) => compare(value(a), value(b), known.direction)) : [...records];
  return {
    sorted,
    sort: {
      sortStatus: { columnAccessor: known.column, direction: known.direction } as DataTableSortStatus<T>,
      onSortStatusChange: (status: DataTableSortStatus<T>) =>
        void set({ sort: String(status.columnAccessor), order: status.direction }),
    },
  };
}

function compare(a: Value, b: Value, direction: 'asc' | 'desc'): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const ascending = typeof a === 'string' ? a.localeCompare(String(b), 'pt-BR') : a - Number(b);
  return direction === 'asc' ? ascending : -ascending;
}

/** An order that the API makes, kept in the address: what to ask for, and what the table's headers show and do. */
export function useServerSort<T, Column extends string>(
  columns: readonly Column[],
  first: { column: Column; direction: 'asc' | 'desc' },
) {
  const [{ sort, order }, set] = useQueryStates(
    {
      sort: parseAsStringLiteral(columns).withDefault(first.column),
      order: parseAsStringLiteral(['asc', 'desc']).withDefault(first.direction),
      // Another order has other pages.
      page: parseAsInteger,
    },
    { history: 'push' },
  );
  return {
    query: { sort_by: sort, sort_order: order },
    sort: {
      sortStatus: { columnAccessor: sort, direction: order } as DataTableSortStatus<T>,
      onSortStatusChange: (status: DataTableSortStatus<T>) =>
        void set({ sort: status.columnAccessor as Column, order: status.direction, page: null }),
    },
  };
}
