'use client';

import { SimpleGrid, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import {
  billingOverviewOptions,
  internalIncidentsOptions,
  usageOverviewOptions,
} from '@/api/generated/@tanstack/react-query.gen';
import { Freshness } from '@/components/freshness';
import { PageHeader } from '@/components/page-header';
import { PeriodPicker } from '@/components/shell/period-picker';
import { useMay } from '@/lib/identity';
import { usePeriod } from '@/lib/period';
import { GlobalKpis } from './global-kpis';
import { RecentIncidents } from './recent-incidents';
import { TopAgentsByDeployment, TopTenantsByUsage } from './tops';
import { RevenueTrendChart, UsageTrendChart } from './trend-charts';

const RECENT_INCIDENTS = 6;

export function CompanyOverviewPage() {
  const t = useTranslations('company.overview');
  const [period] = usePeriod();
  const mayBilling = useMay('billingOverview');
  const usage = useQuery(usageOverviewOptions({ query: { period } }));
  const billing = useQuery({ ...billingOverviewOptions({ query: { period } }), enabled: mayBilling });
  const incidents = useQuery(internalIncidentsOptions({ query: { limit: RECENT_INCIDENTS } }));
  return (
    <Stack gap="md">
      <PageHeader title={t('title')} text={t('text')}>
        <Freshness asOf={usage.data?.as_of} />
        <PeriodPicker />
      </PageHeader>
      <GlobalKpis usage={usage} billing={mayBilling ? billing : null} period={period} />
      <SimpleGrid cols={{ base: 1, md: mayBilling ? 2 : 1 }} spacing="md">
        <UsageTrendChart usage={usage} />
        {mayBilling && <RevenueTrendChart billing={billing} period={period} />}
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <TopTenantsByUsage usage={usage} period={period} />
        <TopAgentsByDeployment usage={usage} period={period} />
      </SimpleGrid>
      <RecentIncidents incidents={incidents} />
    </Stack>
  );
}
