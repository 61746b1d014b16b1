import { act, renderHook, waitFor } from '@testing-library/react';
import { parseAsStringLiteral } from 'nuqs';
import { describe, expect, it } from 'vitest';
import { panel } from '@/testing/panel';
import { useFilters, usePage, useSearch } from './page';

const SIZE = 20;

describe('usePage', () => {
  it.each([
    ['', 1, 0],
    ['?page=3', 3, 40],
    ['?page=0', 1, 0],
    ['?page=-7', 1, 0],
    ['?page=x', 1, 0],
    // The API knows no offset above 10,000.
    ['?page=99999', 500, 9980],
  ])('of %j is %i', (search, page, offset) => {
    const { result } = renderHook(() => usePage(SIZE), { wrapper: panel({ search }) });
    expect([result.current.page, result.current.offset]).toEqual([page, offset]);
  });
});

it('useFilters: another choice begins at the first page', async () => {
  const show = () => {
    const { page, setPage } = usePage(SIZE);
    const [filters, filter] = useFilters({ status: parseAsStringLiteral(['open', 'resolved']) }, setPage);
    return { page, filters, filter };
  };
  const { result } = renderHook(show, { wrapper: panel({ search: '?page=3' }) });
  expect([result.current.page, result.current.filters]).toEqual([3, { status: null }]);
  await act(async () => result.current.filter({ status: 'open' }));
  expect([result.current.page, result.current.filters]).toEqual([1, { status: 'open' }]);
});

it('useSearch: asks for what was typed once it stands still, and begins at the first page', async () => {
  const show = () => {
    const { page, setPage } = usePage(SIZE);
    return { page, ...useSearch(setPage) };
  };
  const { result } = renderHook(show, { wrapper: panel({ search: '?page=3' }) });
  await act(async () => result.current.type(' são '));
  expect([result.current.page, result.current.typed, result.current.search]).toEqual([1, ' são ', '']);
  await waitFor(() => expect(result.current.search).toBe('são'));
});
