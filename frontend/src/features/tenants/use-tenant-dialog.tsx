'use client';

import { useTranslations } from 'next-intl';
import type { TenantRecord } from '@/api/generated';

/** Opens the form that adds a tenant or changes one; it is fetched when it is wanted. */
export function useTenantDialog() {
  const t = useTranslations('company.tenantForm');
  const open = async (title: string, seen?: { tenant: TenantRecord; etag: string }) => {
    const [{ modals }, { TenantForm }] = await Promise.all([import('@mantine/modals'), import('./tenant-form')]);
    const id = modals.open({
      title,
      children: <TenantForm seen={seen} onDone={() => modals.close(id)} />,
    });
  };
  return {
    add: () => void open(t('addTitle')),
    edit: (tenant: TenantRecord, etag: string) => void open(t('editTitle', { name: tenant.name }), { tenant, etag }),
  };
}
