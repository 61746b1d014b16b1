import type { Metadata } from 'next';
import { CompanyIntegrationsPage } from '@/features/company-integrations/integrations-page';

export const metadata: Metadata = { title: 'Integrações' };

export default function Page() {
  return <CompanyIntegrationsPage />;
}
