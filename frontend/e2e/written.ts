/** How the dashboard writes what the API answers, said once more and without its code. */
import type { Locator } from '@playwright/test';

const write = (options?: Intl.NumberFormatOptions) => {
  const { format } = new Intl.NumberFormat('pt-BR', options);
  return (value: number) => format(value);
};

export const integer = write({ maximumFractionDigits: 0 });
const twoDigits = write({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
const change = write({ maximumFractionDigits: 1, signDisplay: 'exceptZero' });
const points = write({ maximumFractionDigits: 2, signDisplay: 'exceptZero' });

export const percent = (value: number) => `${twoDigits(value)}%`;
export const milliseconds = (value: number) => `${integer(value)} ms`;

/** Of a day or an instant, its day in UTC. */
export const day = (value: string) => value.slice(0, 10).split('-').reverse().join('/');
export const instant = (value: string) => `${day(value)}, ${value.slice(11, 16)} UTC`;

export function trend(value: number | null, unit: 'percent' | 'points', days: number): string {
  if (value === null) return 'sem período anterior para comparar';
  const written = unit === 'percent' ? `${change(value)}%` : `${points(value)} p.p.`;
  return `${written} vs. ${days} dias antes`;
}

/** The texts of a table's cells, row by row, without its head. */
export function cells(table: Locator): Promise<string[][]> {
  return table.evaluate((element) =>
    [...element.querySelectorAll('tbody tr')]
      .map((row) => [...row.children].map((cell) => (cell.textContent ?? '').replaceAll(/\s+/g, ' ').trim()))
      // An empty table has one row that says so.
      .filter((row) => row.length > 1),
  );
}

/** The texts of one column. */
export async function column(table: Locator, index: number): Promise<(string | undefined)[]> {
  return (await cells(table)).map((row) => row[index]);
}
