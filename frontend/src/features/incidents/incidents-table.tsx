import { Anchor, Group, Stack } from '@mantine/core';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { InternalIncident } from '@/api/generated';
import { DataTable, type Paging } from '@/components/data-table';
import { Instant } from '@/components/instant';
import { SeverityBadge } from '@/components/status-badge';
import { IncidentSpan } from '@/features/support/incident-span';
import { PAGE_RULES } from '@/lib/pages';
import { IncidentState, IncidentText } from './incident-parts';

interface IncidentsTableProps {
  incidents: InternalIncident[];
  fetching: boolean;
  paging: Paging;
}

export function IncidentsTable({ incidents, fetching, paging }: IncidentsTableProps) {
  const t = useTranslations('dashboard.incidents');
  const whose = ({ tenant_id, tenant_name }: InternalIncident) =>
    tenant_id ? (
      <Anchor component={Link} href={`${PAGE_RULES.tenants.path}/${tenant_id}`} size="sm">
        {tenant_name ?? tenant_id}
      </Anchor>
    ) : (
      t('platform')
    );
  return (
    <DataTable
      label={t('table')}
      records={incidents}
      idOf={({ id }) => id}
      fetching={fetching}
      paging={paging}
      columns={[
        { accessor: 'title', title: t('what'), render: (incident) => <IncidentText incident={incident} /> },
        { accessor: 'tenant_name', title: t('scope'), render: whose },
        { accessor: 'severity', title: t('severity'), render: ({ severity }) => <SeverityBadge severity={severity} /> },
        { accessor: 'created_at', title: t('since'), render: ({ created_at }) => <Instant at={created_at} /> },
        { accessor: 'resolved_at', title: t('until'), render: ({ resolved_at }) => <Instant at={resolved_at} /> },
        { accessor: 'state', title: t('state'), render: (incident) => <IncidentState incident={incident} /> },
      ]}
      card={(incident) => (
        <Stack gap={6}>
          <IncidentText incident={incident} />
          <Group gap="xs">
            <SeverityBadge severity={incident.severity} />
            <IncidentState incident={incident} />
            {whose(incident)}
          </Group>
          <IncidentSpan incident={incident} side="internal" />
        </Stack>
      )}
    />
  );
}
