import { type Options, parseAsInteger, useQueryState } from 'nuqs';

/** The API's own bound of an offset. */
const LAST_OFFSET = 10_000;

const parser = parseAsInteger.withDefault(1).withOptions({ history: 'push' });

/** The page of a list, kept in the address; whatever somebody typed there, it is one that can be asked for. */
export function usePage(size: number) {
  const [asked, set] = useQueryState('page', parser);
  const page = Math.min(Math.max(asked, 1), LAST_OFFSET / size);
  return { page, offset: (page - 1) * size, setPage: (next: number, options?: Options) => void set(next, options) };
}
