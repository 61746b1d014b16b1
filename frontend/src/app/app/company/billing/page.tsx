import type { Metadata } from 'next';
import { BillingPage } from '@/features/billing/billing-page';

export const metadata: Metadata = { title: 'Financeiro' };

export default function Page() {
  return <BillingPage />;
}
