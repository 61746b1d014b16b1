'use client';

import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { PageHeader } from '@/components/page-header';
import { useNeedsTenant } from '@/lib/tenant';
import { TenantPicker } from './tenant-picker';

/** Somebody without a tenant of their own has to say first whose dashboard they mean. */
export function TenantGate({ children }: { children: ReactNode }) {
  const t = useTranslations('shell.tenantPicker');
  if (!useNeedsTenant()) return children;
  return (
    <>
      <PageHeader title={t('title')} text={t('text')} />
      <TenantPicker />
    </>
  );
}
