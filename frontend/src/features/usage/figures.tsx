'use client';

import { useTranslations } from 'next-intl';
import type { TenantUsage, UsageDay } from '@/api/generated';
import { ChartFigure } from '@/components/charts/chart-figure';
import { DailyLinesChart, DailyRequestsChart, RankingChart } from '@/components/charts/lazy';
import { useFormats } from '@/lib/formats';

const MOST_AGENTS = 10;

/** Requests a day: how many, and how many of them failed. */
export function RequestsFigure({ usage }: { usage: TenantUsage }) {
  const t = useTranslations('dashboard.usage.requests');
  const formats = useFormats();
  const peak = busiest(usage.daily_data);
  return (
    <ChartFigure
      summary={t('summary', {
        total: formats.integer(usage.summary.total_requests),
        from: formats.day(usage.from),
        to: formats.day(usage.to),
        failed: formats.integer(usage.summary.failed_requests),
        peak: formats.integer(peak?.total_requests ?? 0),
        day: peak ? formats.day(peak.date) : '–',
      })}
      table={{
        head: [t('day'), t('successful'), t('failed')],
        rows: usage.daily_data.map((day) => ({
          key: day.date,
          cells: [
            formats.day(day.date),
            formats.integer(day.successful_requests),
            formats.integer(day.failed_requests),
          ],
        })),
      }}
    >
      <DailyRequestsChart
        days={usage.daily_data}
        axis={t('axis')}
        series={[
          { name: 'successful_requests', label: t('successful'), color: 'var(--color-chart-1)' },
          { name: 'failed_requests', label: t('failed'), color: 'var(--color-chart-2)' },
        ]}
      />
    </ChartFigure>
  );
}

/** Response times a day: the typical one, and what one request in twenty exceeds. */
export function ResponseTimeFigure({ usage }: { usage: TenantUsage }) {
  const t = useTranslations('dashboard.usage.responseTime');
  const formats = useFormats();
  return (
    <ChartFigure
      summary={t('summary', {
        p50: formats.milliseconds(usage.summary.p50_response_time_ms),
        p95: formats.milliseconds(usage.summary.p95_response_time_ms),
        average: formats.milliseconds(usage.summary.avg_response_time_ms),
      })}
      table={{
        head: [t('day'), t('p50'), t('p95')],
        rows: usage.daily_data.map((day) => ({
          key: day.date,
          cells: [
            formats.day(day.date),
            formats.milliseconds(day.p50_response_time_ms),
            formats.milliseconds(day.p95_response_time_ms),
          ],
        })),
      }}
    >
      <DailyLinesChart
        days={usage.daily_data}
        axis={t('axis')}
        series={[
          { name: 'p50_response_time_ms', label: t('p50'), color: 'var(--color-chart-1)' },
          { name: 'p95_response_time_ms', label: t('p95'), color: 'var(--color-chart-2)' },
        ]}
      />
    </ChartFigure>
  );
}

/** Which agents the requests went to. */
export function AgentsFigure({ usage }: { usage: TenantUsage }) {
  const t = useTranslations('dashboard.usage.byAgent');
  const formats = useFormats();
  const first = usage.by_agent[0];
  return (
    <ChartFigure
      summary={t('summary', {
        agents: usage.by_agent.length,
        first: first?.agent_name ?? '–',
        share: first ? Math.round((first.total_requests / usage.summary.total_requests) * 100) : 0,
      })}
      table={{
        head: [t('agent'), t('requests')],
        rows: usage.by_agent.map((agent) => ({
          key: agent.agent_id ?? 'none',
          cells: [agent.agent_name ?? '–', formats.integer(agent.total_requests)],
        })),
      }}
    >
      <RankingChart
        entries={usage.by_agent
          .slice(0, MOST_AGENTS)
          .map((agent) => ({ name: agent.agent_name ?? '–', value: agent.total_requests }))}
        label={t('requests')}
        axis={t('requests')}
      />
    </ChartFigure>
  );
}

function busiest(days: UsageDay[]): UsageDay | undefined {
  return days.reduce<UsageDay | undefined>(
    (most, day) => (most && most.total_requests >= day.total_requests ? most : day),
    undefined,
  );
}
