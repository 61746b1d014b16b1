'use client';

import { Group, SegmentedControl, Stack, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { tenantAgentsOptions } from '@/api/generated/@tanstack/react-query.gen';
import { TableSkeleton } from '@/components/data-table';
import { Freshness } from '@/components/freshness';
import { PageHeader } from '@/components/page-header';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { useFormats } from '@/lib/formats';
import { useTenantQuery } from '@/lib/tenant';
import { fold } from '@/lib/text';
import { AgentsTable } from './agents-table';

const STATUSES = ['all', 'active', 'inactive'] as const;
type Status = (typeof STATUSES)[number];

export function AgentsPage() {
  const t = useTranslations('dashboard.agents');
  const formats = useFormats();
  const [{ status, search }, set] = useQueryStates({
    status: parseAsStringLiteral(STATUSES).withDefault('all').withOptions({ history: 'push' }),
    search: parseAsString.withDefault(''),
  });
  const agents = useQuery({
    ...tenantAgentsOptions({ query: { ...useTenantQuery(), status } }),
    placeholderData: keepPreviousData,
  });
  const wanted = fold(search);
  return (
    <Stack gap="md">
      <PageHeader
        title={t('title')}
        text={
          agents.data ? t('days', { from: formats.day(agents.data.from), to: formats.day(agents.data.to) }) : '\u00a0'
        }
      >
        <Freshness asOf={agents.data?.as_of} />
      </PageHeader>
      <Group gap="sm">
        <SegmentedControl
          aria-label={t('filter')}
          value={status}
          onChange={(value) => void set({ status: value as Status })}
          data={STATUSES.map((value) => ({ value, label: t(`statuses.${value}`) }))}
        />
        <TextInput
          aria-label={t('search')}
          placeholder={t('search')}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search}
          onChange={(event) => void set({ search: event.currentTarget.value || null })}
          w={{ base: '100%', xs: 260 }}
        />
      </Group>
      <QueryView
        query={agents}
        skeleton={<TableSkeleton rows={8} />}
        empty={{ when: (data) => data.agents.length === 0, show: <EmptyState title={t(`empty.${status}`)} /> }}
      >
        {(data) => {
          const shown = data.agents.filter(({ name, segment }) => fold(`${name} ${segment ?? ''}`).includes(wanted));
          return shown.length === 0 ? (
            <EmptyState title={t('noMatch', { search })} />
          ) : (
            <AgentsTable agents={shown} fetching={agents.isPlaceholderData} />
          );
        }}
      </QueryView>
    </Stack>
  );
}
