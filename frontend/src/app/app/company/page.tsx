import type { Metadata } from 'next';
import { CompanyPage } from '@/features/tenants/company-page';

export const metadata: Metadata = { title: 'Empresa' };

export default function Page() {
  return <CompanyPage />;
}
