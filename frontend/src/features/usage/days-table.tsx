import { Group, Stack, Text } from '@mantine/core';
import { useTranslations } from 'next-intl';
import { parseAsInteger, useQueryState } from 'nuqs';
import type { TenantUsage, UsageDay } from '@/api/generated';
import { DataTable } from '@/components/data-table';
import { useFormats } from '@/lib/formats';
import { useSorted } from '@/lib/sort';

const PAGE_SIZE = 10;

/** The period day by day, the newest first until it is sorted otherwise. */
export function DaysTable({ usage }: { usage: TenantUsage }) {
  const t = useTranslations('dashboard.usage.byDay');
  const formats = useFormats();
  const [page, setPage] = useQueryState('page', parseAsInteger.withDefault(1));
  const { sorted, sort } = useSorted<UsageDay>(
    usage.daily_data,
    {
      date: (day) => day.date,
      total_requests: (day) => day.total_requests,
      failed_requests: (day) => day.failed_requests,
      success_rate: (day) => day.success_rate,
      avg_response_time_ms: (day) => day.avg_response_time_ms,
      p95_response_time_ms: (day) => day.p95_response_time_ms,
      total_tokens_used: (day) => day.total_tokens_used,
    },
    { column: 'date', direction: 'desc' },
  );
  const pages = Math.max(1, Math.ceil(sorted.length / PAGE_SIZE));
  const shown = Math.min(Math.max(page, 1), pages);
  const number = (accessor: keyof UsageDay & string, write: (value: number) => string) => ({
    accessor,
    title: t(accessor as 'total_requests'),
    textAlign: 'right' as const,
    sortable: true,
    render: (day: UsageDay) => write(day[accessor] as number),
  });
  return (
    <DataTable
      label={t('title')}
      records={sorted.slice((shown - 1) * PAGE_SIZE, shown * PAGE_SIZE)}
      idOf={({ date }) => date}
      sort={sort}
      columns={[
        { accessor: 'date', title: t('date'), sortable: true, render: ({ date }) => formats.day(date) },
        number('total_requests', formats.integer),
        number('failed_requests', formats.integer),
        number('success_rate', formats.percent),
        number('avg_response_time_ms', formats.milliseconds),
        number('p95_response_time_ms', formats.milliseconds),
        number('total_tokens_used', formats.integer),
      ]}
      card={(day) => (
        <Group justify="space-between" align="flex-start" wrap="nowrap">
          <Text size="sm" fw={550}>
            {formats.day(day.date)}
          </Text>
          <Stack gap={0} align="flex-end">
            <Text size="sm">{t('requestsOf', { count: formats.integer(day.total_requests) })}</Text>
            <Text size="xs" c="dimmed">
              {t('detailsOf', {
                rate: formats.percent(day.success_rate),
                time: formats.milliseconds(day.p95_response_time_ms),
              })}
            </Text>
          </Stack>
        </Group>
      )}
      paging={{ page: shown, size: PAGE_SIZE, total: sorted.length, onChange: (next) => void setPage(next) }}
    />
  );
}
