import type { Metadata } from 'next';
import { CompanyAgentsPage } from '@/features/company-agents/agents-page';

export const metadata: Metadata = { title: 'Agentes' };

export default function Page() {
  return <CompanyAgentsPage />;
}
