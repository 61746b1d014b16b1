import { parseAsStringLiteral, useQueryState } from 'nuqs';

export const PERIODS = ['7d', '30d', '90d'] as const;
export type Period = (typeof PERIODS)[number];

export const periodParser = parseAsStringLiteral(PERIODS).withDefault('30d').withOptions({ history: 'push' });

/** The days that the page describes, kept in its address. */
export const usePeriod = () => useQueryState('period', periodParser);

export const daysOf = (period: Period) => Number.parseInt(period, 10);
