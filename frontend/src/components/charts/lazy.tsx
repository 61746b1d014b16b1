'use client';

import dynamic from 'next/dynamic';
import { ChartSkeleton } from './chart-figure';

/** Charts are the heaviest code of the panel: it is fetched when the first of them is shown. */
const loading = () => <ChartSkeleton />;

export const DailyRequestsChart = dynamic(() => import('./charts').then((charts) => charts.DailyRequestsChart), {
  ssr: false,
  loading,
});
export const DailyLinesChart = dynamic(() => import('./charts').then((charts) => charts.DailyLinesChart), {
  ssr: false,
  loading,
});
export const RankingChart = dynamic(() => import('./charts').then((charts) => charts.RankingChart), {
  ssr: false,
  loading,
});
export const Sparkline = dynamic(() => import('./charts').then((charts) => charts.DaysSparkline), {
  ssr: false,
  loading: () => <div style={{ width: 120, height: 28 }} />,
});
export const BridgeChart = dynamic(() => import('./charts').then((charts) => charts.BridgeChart), {
  ssr: false,
  loading,
});
