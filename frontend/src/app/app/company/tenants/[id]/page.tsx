import type { Metadata } from 'next';
import { TenantPage } from '@/features/tenants/tenant-page';

export const metadata: Metadata = { title: 'Tenant' };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  return <TenantPage id={(await params).id} />;
}
