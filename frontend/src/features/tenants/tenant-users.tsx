import { Stack, Text } from '@mantine/core';
import { useTranslations } from 'next-intl';
import type { TenantUser } from '@/api/generated';
import { DataTable } from '@/components/data-table';
import { EmptyState } from '@/components/states/states';
import { ToneLabel } from '@/components/status-badge';
import { useFormats } from '@/lib/formats';

export function TenantUsers({ users }: { users: TenantUser[] }) {
  const t = useTranslations('company.tenant.users');
  const formats = useFormats();
  if (users.length === 0) return <EmptyState title={t('empty')} />;
  const state = ({ disabled_at }: TenantUser) =>
    disabled_at ? (
      <ToneLabel tone="idle">{t('disabled')}</ToneLabel>
    ) : (
      <ToneLabel tone="good">{t('enabled')}</ToneLabel>
    );
  return (
    <DataTable
      label={t('title')}
      records={users}
      idOf={({ id }) => id}
      columns={[
        { accessor: 'full_name', title: t('name'), render: ({ full_name }) => full_name ?? '–' },
        { accessor: 'email', title: t('email') },
        { accessor: 'role', title: t('role') },
        { accessor: 'disabled_at', title: t('status'), render: state },
        { accessor: 'last_login_at', title: t('lastLogin'), render: (user) => formats.instant(user.last_login_at) },
      ]}
      card={(user) => (
        <Stack gap={4}>
          <Text size="sm" fw={550}>
            {user.full_name ?? user.email}
          </Text>
          <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {user.email} · {user.role}
          </Text>
          {state(user)}
        </Stack>
      )}
    />
  );
}
