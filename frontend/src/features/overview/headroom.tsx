import { Group, Progress, Skeleton, Stack, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import type { TenantMe } from '@/api/generated';
import { Panel } from '@/components/panel';
import { QueryView } from '@/components/states/query-view';
import { useFormats } from '@/lib/formats';

/** From this share of a limit on, somebody should think about the plan. */
const TIGHT = 0.8;

/** How much of what the plan allows is left. */
export function Headroom({ me }: { me: UseQueryResult<TenantMe, unknown> }) {
  const t = useTranslations('dashboard.overview.headroom');
  return (
    <Panel title={t('title')} note={me.data ? t('plan', { plan: me.data.plan }) : t('note')}>
      <QueryView query={me} skeleton={<Skeleton height={170} />}>
        {({ usage, limits }) => (
          <Stack gap="lg">
            <Share label={t('agents')} used={usage.active_agents} limit={limits.max_agents} />
            <Share label={t('users')} used={usage.active_users} limit={limits.max_users} />
            <Share label={t('requests')} used={usage.requests_this_month} limit={limits.max_requests_per_month} />
          </Stack>
        )}
      </QueryView>
    </Panel>
  );
}

function Share({ label, used, limit }: { label: string; used: number; limit: number }) {
  const t = useTranslations('dashboard.overview.headroom');
  const formats = useFormats();
  const share = limit > 0 ? used / limit : 1;
  const color = share >= 1 ? 'var(--color-bad)' : share >= TIGHT ? 'var(--color-warning)' : undefined;
  const left = Math.max(limit - used, 0);
  return (
    <div>
      <Group justify="space-between" gap="xs" mb={6}>
        <Text size="sm" fw={500}>
          {label}
        </Text>
        <Text size="sm" style={{ fontVariantNumeric: 'tabular-nums' }}>
          {t('ofLimit', { used: formats.integer(used), limit: formats.integer(limit) })}
        </Text>
      </Group>
      <Progress.Root size="md">
        <Progress.Section
          value={Math.min(share, 1) * 100}
          color={color}
          // The kit's own would say a percentage.
          withAria={false}
          role="progressbar"
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={limit}
          aria-valuenow={Math.min(used, limit)}
          aria-valuetext={t('ofLimit', { used: formats.integer(used), limit: formats.integer(limit) })}
        />
      </Progress.Root>
      <Text size="xs" c="dimmed" mt={4}>
        {share > 1 ? t('over', { count: used - limit }) : t('left', { count: left })}
      </Text>
    </div>
  );
}
