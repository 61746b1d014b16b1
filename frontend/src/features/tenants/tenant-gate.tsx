'use client';

import dynamic from 'next/dynamic';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { PageHeader } from '@/components/page-header';
import { useNeedsTenant } from '@/lib/tenant';

/** Tenants' own people never need it. */
const TenantPicker = dynamic(() => import('./tenant-picker').then((picker) => picker.TenantPicker), { ssr: false });

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
