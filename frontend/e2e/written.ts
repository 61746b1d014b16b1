/** How the dashboard writes what the API answers, said once more and without its code. */
import type { Locator } from '@playwright/test';

const write = (options?: Intl.NumberFormatOptions) => {
  const { format } = new Intl.NumberFormat('pt-BR', options);
  return (value: number) => format(value);
};

export const integer = write({ maximumFractionDigits: 0 });
const twoDigits = write({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
const reais = write({ style: 'currency', currency: 'BRL' });
const reaisChange = write({ style: 'currency', currency: 'BRL', signDisplay: 'exceptZero' });
const change = write({ maximumFractionDigits: 1, signDisplay: 'exceptZero' });
const points = write({ maximumFractionDigits: 2, signDisplay: 'exceptZero' });
const difference = write({ maximumFractionDigits: 0, signDisplay: 'exceptZero' });

export const percent = (value: number) => `${twoDigits(value)}%`;
export const milliseconds = (value: number) => `${integer(value)} ms`;

/** With plain spaces, as `cells` gives them. */
export const money = (value: number | null) => (value === null ? '–' : reais(value).replaceAll(/\s/g, ' '));

/** Of a day or an instant, its day in UTC. */
export const day = (value: string) => value.slice(0, 10).split('-').reverse().join('/');
export const instant = (value: string) => `${day(value)}, ${value.slice(11, 16)} UTC`;

const CHANGES = {
  percent: (value: number) => `${change(value)}%`,
  points: (value: number) => `${points(value)} p.p.`,
  count: difference,
  money: reaisChange,
};

/** Against as many days before; against the day before without. */
export function trend(value: number | null, unit: keyof typeof CHANGES, days?: number): string {
  if (value === null) return 'sem período anterior para comparar';
  return `${CHANGES[unit](value)} vs. ${days === undefined ? '24 horas' : `${days} dias`} antes`;
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
