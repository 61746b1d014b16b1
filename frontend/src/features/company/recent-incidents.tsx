import { Anchor, Group, Skeleton, Stack, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { InternalIncidents } from '@/api/generated';
import { Panel } from '@/components/panel';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { SeverityBadge } from '@/components/status-badge';
import { IncidentSpan } from '@/features/support/incident-span';
import { PAGE_RULES } from '@/lib/pages';

/** What went wrong of late, for anybody. */
export function RecentIncidents({ incidents }: { incidents: UseQueryResult<InternalIncidents, unknown> }) {
  const t = useTranslations('company.overview.incidents');
  return (
    <Panel title={t('title')} more={{ label: t('more'), href: PAGE_RULES.incidents.path }}>
      <QueryView
        query={incidents}
        skeleton={<Skeleton height={220} />}
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
                  <IncidentSpan incident={incident} side="internal" />
                  {incident.tenant_id && (
                    <Anchor component={Link} href={`${PAGE_RULES.tenants.path}/${incident.tenant_id}`} size="xs">
                      {incident.tenant_name ?? incident.tenant_id}
                    </Anchor>
                  )}
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
