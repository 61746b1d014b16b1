import type { Metadata } from 'next';
import { CompanyOverviewPage } from '@/features/company/overview-page';

export const metadata: Metadata = { title: 'Painel interno' };

export default function Page() {
  return <CompanyOverviewPage />;
}
