import type { Metadata } from 'next';
import { OperationsPage } from '@/features/operations/operations-page';

export const metadata: Metadata = { title: 'Operações' };

export default function Page() {
  return <OperationsPage />;
}
