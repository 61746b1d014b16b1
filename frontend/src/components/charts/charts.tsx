'use client';

import { BarChart, LineChart, Sparkline } from '@mantine/charts';
import { useReducedMotion } from '@mantine/hooks';
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
}

/** What days look like on every chart. */
function useDaily({ axis }: { axis: string }) {
  const formats = useFormats();
  const still = useReducedMotion();
  return {
    h: CHART_HEIGHT,
    dataKey: 'date',
    gridColor: GRID,
    withLegend: true,
    tickLine: 'none' as const,
    yAxisLabel: axis,
    valueFormatter: (value: number) => formats.integer(value),
    xAxisProps: { tickFormatter: (day: string) => formats.dayShort(day), minTickGap: MIN_TICK_GAP },
    yAxisProps: { tickFormatter: (value: number) => formats.compact(value), width: 64, allowDecimals: false },
    // Recharts asks also while nothing is pointed at.
    tooltipProps: { labelFormatter: (day: unknown) => (day ? formats.day(String(day)) : '') },
    animated: still !== true,
  };
}

/** Counts a day, one on top of the other. */
export function DailyRequestsChart({ days, series, axis }: DailyProps) {
  const { animated, ...daily } = useDaily({ axis });
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
export function DailyLinesChart({ days, series, axis }: DailyProps) {
  const { animated, ...daily } = useDaily({ axis });
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
}

/** Who has most of something. */
export function RankingChart({ entries, label, axis }: RankingProps) {
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
      valueFormatter={(value) => formats.integer(value)}
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
    <Sparkline
      w={120}
      h={28}
      data={values}
      color="var(--color-chart-1)"
      curveType="monotone"
      fillOpacity={0.25}
      strokeWidth={1.5}
      areaProps={{ isAnimationActive: false }}
    />
  );
}
