'use client';

import { Anchor, Card, Group, SimpleGrid, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useId } from 'react';
import { tenantAgentsOptions, tenantUsageOptions } from '@/api/generated/@tanstack/react-query.gen';
import { Freshness } from '@/components/freshness';
import { PageHeader } from '@/components/page-header';
import { PeriodPicker } from '@/components/shell/period-picker';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { ToneLabel } from '@/components/status-badge';
import { useFormats } from '@/lib/formats';
import { type Period, usePeriod } from '@/lib/period';
import { useTenantHref, useTenantQuery } from '@/lib/tenant';
import { CRITICAL, HEALTH_TONE, HEALTHY, type Health, type Subnucleus, subnuclei } from './health';

const LEGEND: Health[] = ['healthy', 'attention', 'critical', 'idle', 'off'];

export function FibonacciPage() {
  const t = useTranslations('dashboard.fibonacci');
  const tenant = useTenantQuery();
  const [period] = usePeriod();
  const agents = useQuery(tenantAgentsOptions({ query: { ...tenant, status: 'all' } }));
  const usage = useQuery(tenantUsageOptions({ query: { ...tenant, period } }));
  return (
    <Stack gap="md">
      <PageHeader title={t('title')} text={t('text')}>
        <Freshness asOf={usage.data?.as_of} />
        <PeriodPicker />
      </PageHeader>
      <Group gap="sm" component="ul" p={0} m={0} style={{ listStyle: 'none' }} aria-label={t('legend')}>
        {LEGEND.map((health) => (
          <Group key={health} component="li" gap={6}>
            <ToneLabel tone={HEALTH_TONE[health]}>{t(`health.${health}`)}</ToneLabel>
            <Text size="xs" c="dimmed">
              {t(`meaning.${health}`, { healthy: HEALTHY, critical: CRITICAL })}
            </Text>
          </Group>
        ))}
      </Group>
      <QueryView
        query={agents}
        skeleton={<Waiting />}
        empty={{ when: (data) => data.agents.length === 0, show: <EmptyState title={t('empty')} /> }}
      >
        {(data) => (
          <QueryView query={usage} skeleton={<Waiting />}>
            {({ by_agent }) => (
              <SimpleGrid cols={{ base: 1, sm: 2, xl: 3 }} spacing="md">
                {subnuclei(data.agents, by_agent).map((group) => (
                  <SubnucleusCard key={group.segment ?? ''} group={group} period={period} />
                ))}
              </SimpleGrid>
            )}
          </QueryView>
        )}
      </QueryView>
    </Stack>
  );
}

function SubnucleusCard({ group, period }: { group: Subnucleus; period: Period }) {
  const t = useTranslations('dashboard.fibonacci');
  const formats = useFormats();
  const href = useTenantHref();
  const id = useId();
  return (
    <Card component="section" aria-labelledby={id}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Title order={2} id={id}>
          {group.segment ?? t('noSegment')}
        </Title>
        <ToneLabel tone={HEALTH_TONE[group.health]}>{t(`health.${group.health}`)}</ToneLabel>
      </Group>
      <Text size="xs" c="dimmed" mb="sm">
        {t('summary', {
          active: group.active,
          agents: group.agents.length,
          requests: formats.integer(group.requests),
          rate: formats.percent(group.successRate),
          p95: formats.milliseconds(group.slowestP95),
        })}
      </Text>
      <Stack component="ul" gap={8} p={0} m={0} style={{ listStyle: 'none' }}>
        {group.agents.map(({ agent, health }) => (
          <Group component="li" key={agent.id} justify="space-between" wrap="nowrap" gap="xs">
            <Anchor
              component={Link}
              size="sm"
              href={href('/app/dashboard/usage', { period, agent_id: agent.id })}
              style={{ minWidth: 0 }}
            >
              {agent.name}
            </Anchor>
            <ToneLabel tone={HEALTH_TONE[health]}>{t(`health.${health}`)}</ToneLabel>
          </Group>
        ))}
      </Stack>
    </Card>
  );
}

function Waiting() {
  return (
    <SimpleGrid cols={{ base: 1, sm: 2, xl: 3 }} spacing="md" aria-hidden>
      {Array.from({ length: 6 }, (_, index) => (
        <Skeleton key={index.toString()} height={180} />
      ))}
    </SimpleGrid>
  );
}
