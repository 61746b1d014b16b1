'use client';

import { useTranslations } from 'next-intl';
import { PageHeader } from '@/components/page-header';
import { TenantPicker } from './tenant-picker';

export function CompanyPage() {
  const t = useTranslations('shell');
  return (
    <>
      <PageHeader title={t('pages.company')} text={t('tenantPicker.text')} />
      <TenantPicker />
    </>
  );
}
