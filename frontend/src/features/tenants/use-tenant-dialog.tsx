'use client';

import dynamic from 'next/dynamic';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import type { TenantRecord } from '@/api/generated';
import type { Asked } from './tenant-dialog';

/** Fetched when it is wanted. */
const TenantDialog = dynamic(() => import('./tenant-dialog').then((dialog) => dialog.TenantDialog), { ssr: false });

/**
 * The form that adds a tenant or changes one. It is a part of the page that asks for it, whose data and messages it
 * needs; the dialogs of all pages are outside of both.
 */
export function useTenantDialog() {
  const t = useTranslations('company.tenantForm');
  const [asked, setAsked] = useState<Asked | null>(null);
  const [opened, setOpened] = useState(false);
  const open = (wanted: Asked) => {
    setAsked(wanted);
    setOpened(true);
  };
  return {
    element: asked && <TenantDialog {...asked} opened={opened} onClose={() => setOpened(false)} />,
    add: () => open({ title: t('addTitle') }),
    edit: (tenant: TenantRecord, etag: string) =>
      open({ title: t('editTitle', { name: tenant.name }), seen: { tenant, etag } }),
  };
}
