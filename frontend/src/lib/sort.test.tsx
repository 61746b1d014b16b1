import { act, renderHook } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { panel } from '@/testing/panel';
import { Random } from '@/testing/random';
import { useSorted } from './sort';

interface Row {
  id: number;
  name: string;
  count: number | null;
  segment: string | null;
}

const BY = {
  name: ({ name }: Row) => name,
  count: ({ count }: Row) => count,
  segment: ({ segment }: Row) => segment,
};
const FIRST = { column: 'name', direction: 'asc' } as const;

function show(rows: readonly Row[], search = '') {
  return renderHook(() => useSorted(rows, BY, FIRST), { wrapper: panel({ search }) });
}

const sorted = (rows: readonly Row[], search: string) => show(rows, search).result.current.sorted;

function made(seed: number): Row[] {
  const random = new Random(seed);
  return random.list(30, (id) => ({
    id,
    name: random.pick(['Ágata', 'agenda', 'Zélia', 'zebra', 'Órbita', 'ovo']),
    count: random.pick([null, -3, 0, 2, 10, 1.5]),
    segment: random.pick([null, 'Vendas', 'Ética']),
  }));
}

const CASES = Array.from({ length: 40 }, (_, seed) => made(seed));

describe('useSorted', () => {
  it.each(['count', 'segment'] as const)(
    'keeps every record, in order by %s, missing values last either way',
    (key) => {
      const collator = new Intl.Collator('pt-BR');
      for (const rows of CASES) {
        for (const order of ['asc', 'desc']) {
          const result = sorted(rows, `?sort=${key}&order=${order}`);
          expect(result.map(({ id }) => id).sort()).toEqual(rows.map(({ id }) => id).sort());
          const values = result.map((row) => row[key]);
          const there = values.filter((value) => value !== null);
          expect(values.slice(0, there.length)).toEqual(there);
          for (const [index, value] of there.slice(1).entries()) {
            const before = there[index] as string | number;
            const step =
              typeof value === 'string' ? collator.compare(String(before), value) : (before as number) - value;
            expect(order === 'asc' ? step : -step).toBeLessThanOrEqual(0);
          }
        }
      }
    },
  );

  it('is stable: records that are equal stay as they came', () => {
    for (const rows of CASES) {
      for (const order of ['asc', 'desc']) {
        const result = sorted(rows, `?sort=count&order=${order}`);
        for (const value of new Set(rows.map(({ count }) => count))) {
          const ids = result.filter(({ count }) => count === value).map(({ id }) => id);
          expect(ids).toEqual([...ids].sort((a, b) => a - b));
        }
      }
    }
  });

  it('reads words as Portuguese does: accents and case do not send them to the end', () => {
    const rows = ['Zebra', 'ovo', 'Ágata', 'agenda', 'Órbita'].map((name, id) => ({
      id,
      name,
      count: 0,
      segment: null,
    }));
    expect(sorted(rows, '').map(({ name }) => name)).toEqual(['Ágata', 'agenda', 'Órbita', 'ovo', 'Zebra']);
  });

  it.each(['?sort=nothing&order=desc', '?sort=&order=desc', '?sort=toString', '?sort=__proto__', '?order=sideways'])(
    'takes the first order where the address says %s',
    (search) => {
      const { result } = show(made(7), search);
      expect(result.current.sort.sortStatus).toEqual({ columnAccessor: 'name', direction: 'asc' });
    },
  );

  it('does not touch the records that it is given', () => {
    const rows = Object.freeze(made(3));
    expect(sorted(rows, '?sort=count&order=desc')).not.toBe(rows);
  });

  it('keeps a chosen order in the address', async () => {
    const { result } = show(made(5));
    await act(async () => result.current.sort.onSortStatusChange({ columnAccessor: 'count', direction: 'desc' }));
    expect(result.current.sort.sortStatus).toEqual({ columnAccessor: 'count', direction: 'desc' });
    expect(result.current.sorted).toEqual(sorted(made(5), '?sort=count&order=desc'));
  });
});
