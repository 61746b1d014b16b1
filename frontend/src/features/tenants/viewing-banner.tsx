'use client';

import { Alert, Anchor, Group, Text } from '@mantine/core';
import { IconEye } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { tenantMeOptions } from '@/api/generated/@tanstack/react-query.gen';
import { useMay } from '@/lib/identity';
import { PAGE_RULES } from '@/lib/pages';
import { useTenantQuery } from '@/lib/tenant';

/** Says to somebody of the internal team that the page isn't theirs. */
export function ViewingBanner() {
  const t = useTranslations('shell.viewing');
  const mayChoose = useMay('internalTenants');
  const tenant = useTenantQuery();
  const shown = mayChoose && tenant.tenant_id !== undefined;
  const me = useQuery({ ...tenantMeOptions({ query: tenant }), enabled: shown });
  if (!shown) return null;
  return (
    <Alert color="amber" variant="light" icon={<IconEye />} p="xs" role="status">
      <Group justify="space-between" gap="xs">
        <Text size="sm">{me.data ? t('text', { name: me.data.name }) : t('unnamed')}</Text>
        <Anchor component={Link} href={PAGE_RULES.overview.path} size="sm">
          {t('change')}
        </Anchor>
      </Group>
    </Alert>
  );
}
