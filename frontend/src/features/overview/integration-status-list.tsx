import { Group, Skeleton, Stack, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import type { TenantIntegrations } from '@/api/generated';
import { Panel } from '@/components/panel';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { StatusBadge } from '@/components/status-badge';
import { byUrgency } from '@/features/integrations/order';
import { SyncedAt } from '@/features/integrations/synced-at';
import { useTenantHref } from '@/lib/tenant';

const SHOWN = 6;

/** The integrations that need someone first. */
export function IntegrationStatusList({ integrations }: { integrations: UseQueryResult<TenantIntegrations, unknown> }) {
  const t = useTranslations('dashboard.overview.integrations');
  const href = useTenantHref();
  return (
    <Panel title={t('title')} more={{ label: t('more'), href: href('/app/dashboard/integrations') }}>
      <QueryView
        query={integrations}
        skeleton={<Skeleton height={260} />}
        empty={{ when: (data) => data.integrations.length === 0, show: <EmptyState title={t('empty')} /> }}
      >
        {(data) => (
          <Stack component="ul" gap="sm" p={0} m={0} style={{ listStyle: 'none' }}>
            {byUrgency(data.integrations)
              .slice(0, SHOWN)
              .map((integration) => (
                <Group component="li" key={integration.id} justify="space-between" wrap="nowrap" gap="sm">
                  <div style={{ minWidth: 0 }}>
                    <Text size="sm" fw={550}>
                      {integration.name}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {integration.last_error ?? <SyncedAt at={integration.last_sync_at} />}
                    </Text>
                  </div>
                  <StatusBadge status={integration.status} feminine />
                </Group>
              ))}
          </Stack>
        )}
      </QueryView>
    </Panel>
  );
}
