'use client';

import { Button, Group, Skeleton, Stack, Tabs } from '@mantine/core';
import { IconEdit, IconEye, IconTerminal2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import { PageHeader } from '@/components/page-header';
import { QueryView } from '@/components/states/query-view';
import { StatusBadge } from '@/components/status-badge';
import { AuditTrail } from '@/features/audit/audit-trail';
import { IntegrationsOf } from '@/features/company-integrations/integrations-of';
import { IncidentsOf } from '@/features/incidents/incidents-of';
import { useMay } from '@/lib/identity';
import { PAGE_RULES } from '@/lib/pages';
import { dashboardOf } from '@/lib/tenant';
import { TenantAgentsTab } from './tenant-agents';
import { tenantQuery } from './tenant-query';
import { TenantSummary } from './tenant-summary';
import { TenantUsers } from './tenant-users';
import { useTenantDialog } from './use-tenant-dialog';

const TABS = ['summary', 'agents', 'users', 'integrations', 'incidents', 'audit'] as const;

export function TenantPage({ id }: { id: string }) {
  const t = useTranslations('company.tenant');
  const mayEdit = useMay('changeTenant');
  const mayAudit = useMay('internalAudit');
  const dialog = useTenantDialog();
  const [tab, setTab] = useQueryState(
    'tab',
    parseAsStringLiteral(TABS).withDefault('summary').withOptions({ history: 'push' }),
  );
  const query = useQuery(tenantQuery(id));
  const shown = TABS.filter((name) => name !== 'audit' || mayAudit);
  const content = {
    summary: () => query.data && <TenantSummary details={query.data} />,
    agents: () => <TenantAgentsTab tenantId={id} />,
    users: () => query.data && <TenantUsers users={query.data.users} />,
    integrations: () => <IntegrationsOf tenantId={id} />,
    incidents: () => <IncidentsOf tenantId={id} />,
    audit: () => <AuditTrail tenantId={id} />,
  };
  return (
    <Stack gap="md">
      {!query.data && <PageHeader title={t('title')} />}
      <QueryView query={query} skeleton={<Skeleton height={320} />}>
        {({ tenant, etag }) => (
          <Stack gap="md">
            <PageHeader
              title={tenant.name}
              text={
                <Group gap="xs">
                  {tenant.cnpj} · {tenant.plan}
                  <StatusBadge status={tenant.status} />
                </Group>
              }
            >
              <Button
                component={Link}
                href={dashboardOf(id)}
                variant="default"
                leftSection={<IconEye size={16} aria-hidden />}
              >
                {t('viewAs')}
              </Button>
              <Button
                component={Link}
                href={`${PAGE_RULES.operations.path}?tenant=${id}`}
                variant="default"
                leftSection={<IconTerminal2 size={16} aria-hidden />}
              >
                {t('operate')}
              </Button>
              {mayEdit && (
                <Button leftSection={<IconEdit size={16} aria-hidden />} onClick={() => dialog.edit(tenant, etag)}>
                  {t('edit')}
                </Button>
              )}
            </PageHeader>
            <Tabs value={tab} onChange={(value) => void setTab(value as typeof tab)} keepMounted={false}>
              <Tabs.List mb="md">
                {shown.map((name) => (
                  <Tabs.Tab key={name} value={name}>
                    {t(`tabs.${name}`)}
                  </Tabs.Tab>
                ))}
              </Tabs.List>
              {shown.map((name) => (
                <Tabs.Panel key={name} value={name}>
                  {content[name]()}
                </Tabs.Panel>
              ))}
            </Tabs>
            {dialog.element}
          </Stack>
        )}
      </QueryView>
    </Stack>
  );
}
