import { Anchor, Group, Stack, Text } from '@mantine/core';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { InternalIntegration } from '@/api/generated';
import { DataTable, type Paging } from '@/components/data-table';
import { StatusBadge } from '@/components/status-badge';
import { IntegrationType } from '@/features/integrations/integration-type';
import { SyncedAt } from '@/features/integrations/synced-at';
import { resetHref } from '@/features/operations/prefill';
import { PAGE_RULES } from '@/lib/pages';

interface IntegrationsTableProps {
  integrations: InternalIntegration[];
  fetching: boolean;
  paging: Paging;
  /** Whether it has to be said whose they are. */
  ofAll?: boolean;
}

export function IntegrationsTable({ integrations, fetching, paging, ofAll = false }: IntegrationsTableProps) {
  const t = useTranslations('company.integrations');
  const whose = ({ tenant_id, tenant_name }: InternalIntegration) => (
    <Anchor component={Link} href={`${PAGE_RULES.tenants.path}/${tenant_id}?tab=integrations`} size="sm">
      {tenant_name}
    </Anchor>
  );
  const reset = (integration: InternalIntegration) => (
    <Anchor
      component={Link}
      size="sm"
      href={resetHref(integration.tenant_id, integration.id)}
      aria-label={t('resetOf', { name: integration.name })}
    >
      {t('reset')}
    </Anchor>
  );
  return (
    <DataTable
      label={t('title')}
      records={integrations}
      idOf={({ id }) => id}
      fetching={fetching}
      paging={paging}
      columns={[
        { accessor: 'tenant_name', title: t('tenant'), render: whose, hidden: !ofAll },
        { accessor: 'type', title: t('type'), render: ({ type }) => <IntegrationType type={type} /> },
        { accessor: 'name', title: t('name') },
        { accessor: 'status', title: t('status'), render: ({ status }) => <StatusBadge status={status} feminine /> },
        {
          accessor: 'last_sync_at',
          title: t('lastSync'),
          render: ({ last_sync_at }) => <SyncedAt at={last_sync_at} />,
        },
        { accessor: 'last_error', title: t('lastError'), render: ({ last_error }) => last_error ?? '–' },
        { accessor: 'actions', title: t('actions'), textAlign: 'right', render: reset },
      ]}
      card={(integration) => (
        <Stack gap={6}>
          {ofAll && whose(integration)}
          <Group justify="space-between" wrap="nowrap">
            <IntegrationType type={integration.type} />
            <StatusBadge status={integration.status} feminine />
          </Group>
          <Text size="sm" fw={550}>
            {integration.name}
          </Text>
          <Text size="xs" c="dimmed">
            {integration.last_error ?? <SyncedAt at={integration.last_sync_at} />}
          </Text>
          {reset(integration)}
        </Stack>
      )}
    />
  );
}
