'use client';

import { AreaChart, BarChart, LineChart } from '@mantine/charts';
import { useMediaQuery, useReducedMotion } from '@mantine/hooks';
import { useFormats } from '@/lib/formats';
import { CHART_HEIGHT } from './chart-figure';

// Whoever can't see a chart has its summary and its table; the picture stays out of the keyboard's way.
const SILENT = { accessibilityLayer: false };
const GRID = 'var(--color-chart-grid)';
/** Ticks don't overlap on 90 days, nor on 320 pixels. */
const MIN_TICK_GAP = 24;

export interface Series {
  name: string;
  label: string;
  color: string;
}

interface DailyProps {
  /** One entry a day, ascending; `date` is a UTC day. */
  days: ({ date: string } & Record<string, number | string>)[];
  series: Series[];
  /** Of the numbers' axis. */
  axis: string;
  unit?: Unit;
}

/** How a number is written. */
type Unit = 'integer' | 'money' | 'percent';

/** What days look like on every chart. */
function useDaily({ axis, unit = 'integer' }: Pick<DailyProps, 'axis' | 'unit'>) {
  const formats = useFormats();
  const still = useReducedMotion();
  return {
    h: CHART_HEIGHT,
    dataKey: 'date',
    gridColor: GRID,
    withLegend: true,
    tickLine: 'none' as const,
    yAxisLabel: axis,
    valueFormatter: (value: number) => formats[unit](value),
    xAxisProps: { tickFormatter: (day: string) => formats.dayShort(day), minTickGap: MIN_TICK_GAP },
    yAxisProps: { tickFormatter: (value: number) => formats.compact(value), width: 64, allowDecimals: false },
    // Recharts asks also while nothing is pointed at.
    tooltipProps: { labelFormatter: (day: unknown) => (day ? formats.day(String(day)) : '') },
    animated: still !== true,
  };
}

/** Counts a day, one on top of the other. */
export function DailyRequestsChart({ days, series, axis, unit }: DailyProps) {
  const { animated, ...daily } = useDaily({ axis, unit });
  return (
    <BarChart
      {...SILENT}
      {...daily}
      data={days}
      series={series}
      type="stacked"
      barProps={{ isAnimationActive: animated }}
      maxBarWidth={22}
    />
  );
}

/** Measures a day, side by side. */
export function DailyLinesChart({ days, series, axis, unit }: DailyProps) {
  const { animated, ...daily } = useDaily({ axis, unit });
  return (
    <LineChart
      {...SILENT}
      {...daily}
      data={days}
      series={series}
      curveType="monotone"
      withDots={false}
      strokeWidth={2}
      lineProps={{ isAnimationActive: animated }}
    />
  );
}

interface RankingProps {
  entries: { name: string; value: number }[];
  label: string;
  axis: string;
  unit?: Unit;
}

/** Who has most of something. */
export function RankingChart({ entries, label, axis, unit = 'integer' }: RankingProps) {
  const formats = useFormats();
  const still = useReducedMotion();
  return (
    <BarChart
      {...SILENT}
      h={Math.max(CHART_HEIGHT, entries.length * 34 + 60)}
      data={entries}
      dataKey="name"
      orientation="vertical"
      series={[{ name: 'value', label, color: 'var(--color-chart-1)' }]}
      gridColor={GRID}
      gridAxis="x"
      tickLine="none"
      xAxisLabel={axis}
      valueFormatter={(value) => formats[unit](value)}
      xAxisProps={{ tickFormatter: (value: number) => formats.compact(value), allowDecimals: false }}
      yAxisProps={{ width: 130, interval: 0, tickFormatter: (name: string) => shorten(name) }}
      barProps={{ radius: 4, isAnimationActive: still !== true }}
      maxBarWidth={22}
    />
  );
}

const LONGEST_TICK = 20;

function shorten(name: string): string {
  return name.length > LONGEST_TICK ? `${name.slice(0, LONGEST_TICK - 1).trimEnd()}…` : name;
}

/** The course of a number in a table's cell. */
export function DaysSparkline({ values }: { values: number[] }) {
  return (
    <AreaChart
      {...SILENT}
      w={120}
      h={28}
      data={values.map((value, day) => ({ day, value }))}
      dataKey="day"
      series={[{ name: 'value', color: 'var(--color-chart-1)' }]}
      curveType="monotone"
      fillOpacity={0.25}
      strokeWidth={1.5}
      gridAxis="none"
      withXAxis={false}
      withYAxis={false}
      withDots={false}
      withTooltip={false}
      areaProps={{ isAnimationActive: false }}
    />
  );
}

interface BridgeProps {
  /** From the first total over what moved it to the last, which stands on the ground by itself. */
  steps: { item: string; value: number; color: string; standalone?: boolean }[];
  label: string;
  axis: string;
}

/** How one amount became another. */
export function BridgeChart({ steps, label, axis }: BridgeProps) {
  const formats = useFormats();
  const still = useReducedMotion();
  // Every step is named, side by side or, where that would overlap, slanting.
  const narrow = useMediaQuery('(max-width: 36em)', false, { getInitialValueInEffect: false });
  // The kit's own ticks are moved by a transform, which would take the place of the angle's.
  const tick = { fontSize: 12, fill: 'currentColor' };
  const slanting = { angle: -45, textAnchor: 'end', height: 72, tick } as const;
  return (
    <BarChart
      {...SILENT}
      h={CHART_HEIGHT}
      data={steps}
      dataKey="item"
      type="waterfall"
      series={[{ name: 'value', label, color: 'var(--color-chart-1)' }]}
      gridColor={GRID}
      tickLine="none"
      yAxisLabel={axis}
      valueFormatter={(value) => formats.money(value)}
      xAxisProps={{ interval: 0, ...(narrow ? slanting : {}) }}
      yAxisProps={{ tickFormatter: (value: number) => formats.compact(value), width: 64 }}
      barProps={{ isAnimationActive: still !== true }}
    />
  );
}
