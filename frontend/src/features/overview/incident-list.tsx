import { Group, Skeleton, Stack, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import type { TenantIncidents } from '@/api/generated';
import { Panel } from '@/components/panel';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { SeverityBadge } from '@/components/status-badge';
import { IncidentSpan } from '@/features/support/incident-span';
import { useTenantHref } from '@/lib/tenant';

/** What went wrong of late, newest first. */
export function IncidentList({ incidents }: { incidents: UseQueryResult<TenantIncidents, unknown> }) {
  const t = useTranslations('dashboard.overview.incidents');
  const href = useTenantHref();
  return (
    <Panel title={t('title')} more={{ label: t('more'), href: href('/app/dashboard/support') }}>
      <QueryView
        query={incidents}
        skeleton={<Skeleton height={260} />}
        empty={{ when: (data) => data.incidents.length === 0, show: <EmptyState title={t('empty')} /> }}
      >
        {(data) => (
          <Stack component="ul" gap="sm" p={0} m={0} style={{ listStyle: 'none' }}>
            {data.incidents.map((incident) => (
              <Group component="li" key={incident.id} justify="space-between" wrap="nowrap" gap="sm">
                <div style={{ minWidth: 0 }}>
                  <Text size="sm" fw={550}>
                    {incident.title}
                  </Text>
                  <IncidentSpan incident={incident} />
                </div>
                <SeverityBadge severity={incident.severity} />
              </Group>
            ))}
          </Stack>
        )}
      </QueryView>
    </Panel>
  );
}
