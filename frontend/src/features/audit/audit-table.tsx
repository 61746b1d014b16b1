import { Anchor, Code, Group, Stack, Text } from '@mantine/core';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import type { AuditEvent } from '@/api/generated';
import { DataTable, type Paging } from '@/components/data-table';
import { Instant } from '@/components/instant';
import { SeverityBadge } from '@/components/status-badge';
import { PAGE_RULES } from '@/lib/pages';
import { Metadata } from './metadata';

interface AuditTableProps {
  events: AuditEvent[];
  fetching: boolean;
  paging: Paging;
  /** Whether it has to be said whom a row is about. */
  ofAll?: boolean;
}

export function AuditTable({ events, fetching, paging, ofAll = false }: AuditTableProps) {
  const t = useTranslations('company.audit');
  const what = (event: AuditEvent) => (
    <div>
      <Text size="sm" fw={550}>
        {event.title}
      </Text>
      {event.description && (
        <Text size="xs" c="dimmed" style={{ whiteSpace: 'normal', overflowWrap: 'anywhere' }}>
          {event.description}
        </Text>
      )}
    </div>
  );
  const whose = ({ tenant_id, tenant_name }: AuditEvent) =>
    tenant_id ? (
      <Anchor component={Link} href={`${PAGE_RULES.tenants.path}/${tenant_id}?tab=audit`} size="sm">
        {tenant_name ?? tenant_id}
      </Anchor>
    ) : (
      '–'
    );
  const who = ({ user_sub }: AuditEvent) =>
    user_sub ? (
      <Anchor component={Link} href={`${PAGE_RULES.audit.path}?person=${encodeURIComponent(user_sub)}`} size="xs">
        <Code fz="xs">{user_sub}</Code>
      </Anchor>
    ) : (
      '–'
    );
  const more = (event: AuditEvent) =>
    event.metadata && Object.keys(event.metadata).length > 0 ? (
      <details>
        <Text component="summary" size="sm" style={{ cursor: 'pointer' }}>
          {t('details')}
        </Text>
        <Metadata metadata={event.metadata} />
      </details>
    ) : null;
  return (
    <DataTable
      label={t('title')}
      records={events}
      idOf={({ id }) => id}
      fetching={fetching}
      paging={paging}
      columns={[
        { accessor: 'created_at', title: t('when'), render: ({ created_at }) => <Instant at={created_at} /> },
        { accessor: 'title', title: t('what'), render: what },
        { accessor: 'severity', title: t('severity'), render: ({ severity }) => <SeverityBadge severity={severity} /> },
        { accessor: 'tenant_name', title: t('tenant'), render: whose, hidden: !ofAll },
        { accessor: 'user_sub', title: t('person'), render: who },
        { accessor: 'metadata', title: t('details'), render: more, width: 300 },
      ]}
      card={(event) => (
        <Stack gap={6}>
          <Group justify="space-between" wrap="nowrap" align="flex-start">
            {what(event)}
            <SeverityBadge severity={event.severity} />
          </Group>
          <Text size="xs" c="dimmed" component="div">
            <Instant at={event.created_at} /> {ofAll && <>· {whose(event)}</>}
          </Text>
          {who(event)}
          {more(event)}
        </Stack>
      )}
    />
  );
}
