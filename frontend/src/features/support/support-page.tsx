'use client';

import { Anchor, Group, SimpleGrid, Stack, Text, ThemeIcon } from '@mantine/core';
import { IconClock, IconMail, IconPhone } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import type { TenantIncident } from '@/api/generated';
import { tenantIncidentsOptions } from '@/api/generated/@tanstack/react-query.gen';
import { CsvButton } from '@/components/csv-button';
import { DataTable, type Paging, TableSkeleton } from '@/components/data-table';
import { Instant } from '@/components/instant';
import { PageHeader } from '@/components/page-header';
import { Panel } from '@/components/panel';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { SeverityBadge } from '@/components/status-badge';
import { IncidentState, IncidentText } from '@/features/incidents/incident-parts';
import { usePage } from '@/lib/page';
import { useTenantQuery } from '@/lib/tenant';
import { IncidentSpan } from './incident-span';

const PAGE_SIZE = 10;

interface Contact {
  email: string;
  phone: string;
  hours: string;
}

export function SupportPage({ contact }: { contact: Contact }) {
  const t = useTranslations('dashboard.support');
  const tenant = useTenantQuery();
  const { page, offset, setPage } = usePage(PAGE_SIZE);
  const incidents = useQuery({
    ...tenantIncidentsOptions({ query: { ...tenant, limit: PAGE_SIZE, offset } }),
    placeholderData: keepPreviousData,
  });
  return (
    <Stack gap="md">
      <PageHeader title={t('title')} text={t('text')} />
      <Panel title={t('contact.title')} note={t('contact.note')}>
        <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="md">
          <Way icon={IconMail} label={t('contact.email')}>
            <Anchor href={`mailto:${contact.email}`} size="sm">
              {contact.email}
            </Anchor>
          </Way>
          <Way icon={IconPhone} label={t('contact.phone')}>
            <Anchor href={`tel:${contact.phone.replace(/[^+\d]/g, '')}`} size="sm">
              {contact.phone}
            </Anchor>
          </Way>
          <Way icon={IconClock} label={t('contact.hours')}>
            <Text size="sm">{contact.hours}</Text>
          </Way>
        </SimpleGrid>
      </Panel>
      <Panel
        title={t('incidents.title')}
        note={t('incidents.note')}
        actions={<CsvButton path="/tenant/incidents" query={tenant} name="incidentes" />}
      >
        <QueryView
          query={incidents}
          skeleton={<TableSkeleton rows={PAGE_SIZE} />}
          empty={{
            when: (data) => data.total === 0,
            show: <EmptyState title={t('incidents.empty')} text={t('incidents.emptyText')} />,
          }}
        >
          {(data) => (
            <Incidents
              incidents={data.incidents}
              fetching={incidents.isPlaceholderData}
              paging={{ page, size: PAGE_SIZE, total: data.total, onChange: setPage }}
            />
          )}
        </QueryView>
      </Panel>
    </Stack>
  );
}

function Way({ icon: Icon, label, children }: { icon: typeof IconMail; label: string; children: ReactNode }) {
  return (
    <Group gap="sm" wrap="nowrap">
      <ThemeIcon variant="light" size={36} aria-hidden>
        <Icon size={20} stroke={1.7} />
      </ThemeIcon>
      <div style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
        <Text size="xs" c="dimmed">
          {label}
        </Text>
        {children}
      </div>
    </Group>
  );
}

interface IncidentsProps {
  incidents: TenantIncident[];
  fetching: boolean;
  paging: Paging;
}

function Incidents({ incidents, fetching, paging }: IncidentsProps) {
  const t = useTranslations('dashboard.incidents');
  return (
    <DataTable
      label={t('table')}
      records={incidents}
      idOf={({ id }) => id}
      fetching={fetching}
      paging={paging}
      columns={[
        { accessor: 'title', title: t('what'), render: (incident) => <IncidentText incident={incident} /> },
        {
          accessor: 'severity',
          title: t('severity'),
          render: ({ severity }) => <SeverityBadge severity={severity} />,
        },
        {
          accessor: 'scope',
          title: t('scope'),
          render: ({ scope }) => t(scope === 'platform' ? 'platform' : 'tenant'),
        },
        {
          accessor: 'created_at',
          title: t('since'),
          render: ({ created_at }) => <Instant at={created_at} />,
        },
        {
          accessor: 'resolved_at',
          title: t('until'),
          render: ({ resolved_at }) => <Instant at={resolved_at} />,
        },
        { accessor: 'state', title: t('state'), render: (incident) => <IncidentState incident={incident} /> },
      ]}
      card={(incident) => (
        <Stack gap={6}>
          <IncidentText incident={incident} />
          <Group gap="xs">
            <SeverityBadge severity={incident.severity} />
            <IncidentState incident={incident} />
          </Group>
          <IncidentSpan incident={incident} />
        </Stack>
      )}
    />
  );
}
