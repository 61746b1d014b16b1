export type Query = Promise<Record<string, string | string[] | undefined>>;

/** A query parameter that is given once; anything else counts as absent. */
export function one(value: string | string[] | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
