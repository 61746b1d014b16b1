'use client';

import { Grid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import {
  tenantAgentsOptions,
  tenantIncidentsOptions,
  tenantIntegrationsOptions,
  tenantMeOptions,
  tenantUsageOptions,
} from '@/api/generated/@tanstack/react-query.gen';
import { Freshness } from '@/components/freshness';
import { PageHeader } from '@/components/page-header';
import { PeriodPicker } from '@/components/shell/period-picker';
import { useMay } from '@/lib/identity';
import { usePeriod } from '@/lib/period';
import { useTenantQuery } from '@/lib/tenant';
import { AgentStatusList } from './agent-status-list';
import { Headroom } from './headroom';
import { IncidentList } from './incident-list';
import { IntegrationStatusList } from './integration-status-list';
import { Kpis } from './kpis';
import { UsageChart } from './usage-chart';

const RECENT_INCIDENTS = 5;

export function OverviewPage() {
  const t = useTranslations('dashboard.overview');
  const tenant = useTenantQuery();
  const [period] = usePeriod();
  const mayIntegrations = useMay('tenantIntegrations');
  const me = useQuery(tenantMeOptions({ query: tenant }));
  const usage = useQuery(tenantUsageOptions({ query: { ...tenant, period } }));
  const agents = useQuery(tenantAgentsOptions({ query: { ...tenant, status: 'all' } }));
  const incidents = useQuery(tenantIncidentsOptions({ query: { ...tenant, limit: RECENT_INCIDENTS } }));
  const integrations = useQuery({ ...tenantIntegrationsOptions({ query: tenant }), enabled: mayIntegrations });
  return (
    <Stack gap="md">
      <PageHeader title={t('title')} text={me.data?.name ?? (me.isPending && t('loading'))}>
        <Freshness asOf={usage.data?.as_of} />
        <PeriodPicker />
      </PageHeader>
      <Kpis me={me} usage={usage} integrations={mayIntegrations ? integrations : null} period={period} />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack gap="md">
            <UsageChart usage={usage} period={period} />
            <AgentStatusList agents={agents} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack gap="md">
            <Headroom me={me} />
            {mayIntegrations && <IntegrationStatusList integrations={integrations} />}
            <IncidentList incidents={incidents} />
          </Stack>
        </Grid.Col>
      </Grid>
    </Stack>
  );
}
