import { useDebouncedValue } from '@mantine/hooks';
import {
  type Options,
  parseAsInteger,
  parseAsString,
  type UseQueryStatesKeysMap,
  useQueryState,
  useQueryStates,
  type Values,
} from 'nuqs';

/** The API's own bound of an offset. */
const LAST_OFFSET = 10_000;

/** How long somebody types before the API is asked, in milliseconds. */
const TYPING = 300;

const parser = parseAsInteger.withDefault(1).withOptions({ history: 'push' });

/** The page of a list, kept in the address; whatever somebody typed there, it is one that can be asked for. */
export function usePage(size: number) {
  const [asked, set] = useQueryState('page', parser);
  const page = Math.min(Math.max(asked, 1), LAST_OFFSET / size);
  return { page, offset: (page - 1) * size, setPage: (next: number, options?: Options) => void set(next, options) };
}

type Turn = ReturnType<typeof usePage>['setPage'];

/** The filters of a list, kept in the address; another choice has other pages. */
export function useFilters<Parsers extends UseQueryStatesKeysMap>(parsers: Parsers, setPage: Turn) {
  const [filters, set] = useQueryStates(parsers, { history: 'push' });
  const filter = (change: Partial<Values<Parsers>>) => {
    void set(change);
    setPage(1, { history: 'replace' });
  };
  return [filters, filter] as const;
}

/** What a list is searched for, kept in the address: as it is typed, and as the API is asked. Another search has other pages. */
export function useSearch(setPage: Turn) {
  const [typed, set] = useQueryState('search', parseAsString.withDefault(''));
  const [search] = useDebouncedValue(typed.trim(), TYPING);
  const type = (text: string) => {
    void set(text || null);
    setPage(1, { history: 'replace' });
  };
  return { typed, search, type };
}
