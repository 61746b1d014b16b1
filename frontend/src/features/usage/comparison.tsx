import { Card, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import { useTranslations } from 'next-intl';
import type { TenantUsage } from '@/api/generated';
import { Trend } from '@/components/trend';
import { useFormats } from '@/lib/formats';
import { daysOf, type Period } from '@/lib/period';

const COLUMNS = { base: 1, xs: 2, md: 3, lg: 6 };

/** The period in numbers, beside the same of the period before. */
export function Comparison({ usage, period }: { usage: TenantUsage; period: Period }) {
  const t = useTranslations('dashboard.usage.comparison');
  const formats = useFormats();
  const { summary, previous_period: before, trend } = usage;
  const days = daysOf(period);
  const figures = [
    {
      key: 'total',
      value: formats.integer(summary.total_requests),
      before: formats.integer(before.total_requests),
      trend: <Trend value={trend.total_requests} unit="percent" days={days} />,
    },
    {
      key: 'failed',
      value: formats.integer(summary.failed_requests),
      before: formats.integer(before.failed_requests),
      trend: <Trend value={trend.failed_requests} unit="percent" better="down" days={days} />,
    },
    {
      key: 'successRate',
      value: formats.percent(summary.success_rate),
      before: formats.percent(before.success_rate),
      trend: <Trend value={trend.success_rate} unit="points" days={days} />,
    },
    {
      key: 'average',
      value: formats.milliseconds(summary.avg_response_time_ms),
      before: formats.milliseconds(before.avg_response_time_ms),
      trend: <Trend value={trend.avg_response_time_ms} unit="percent" better="down" days={days} />,
    },
    {
      key: 'p95',
      value: formats.milliseconds(summary.p95_response_time_ms),
      before: formats.milliseconds(before.p95_response_time_ms),
      trend: null,
    },
    {
      key: 'tokens',
      value: formats.integer(summary.total_tokens_used),
      before: formats.integer(before.total_tokens_used),
      trend: <Trend value={trend.total_tokens_used} unit="percent" better="down" days={days} />,
    },
  ] as const;
  return (
    <SimpleGrid cols={COLUMNS} spacing="md" component="dl" m={0}>
      {figures.map((figure) => (
        <Card key={figure.key} component="div">
          <Text component="dt" size="sm" c="dimmed" fw={500}>
            {t(figure.key)}
          </Text>
          <Stack component="dd" gap={2} m={0}>
            <Text fz={22} fw={650} component="span" style={{ fontVariantNumeric: 'tabular-nums' }}>
              {figure.value}
            </Text>
            <Text size="xs" c="dimmed" component="span">
              {t('before', { value: figure.before })}
            </Text>
            {figure.trend}
          </Stack>
        </Card>
      ))}
    </SimpleGrid>
  );
}

export function ComparisonSkeleton() {
  return (
    <SimpleGrid cols={COLUMNS} spacing="md" aria-hidden>
      {Array.from({ length: COLUMNS.lg }, (_, index) => (
        <Skeleton key={index.toString()} height={118} />
      ))}
    </SimpleGrid>
  );
}
