import type { Metadata } from 'next';
import { SupportPage } from '@/features/support/support-page';
import { settings } from '@/server/settings';

export const metadata: Metadata = { title: 'Suporte' };

export default function Page() {
  const { email, phone, hours } = settings().support;
  return <SupportPage contact={{ email, phone, hours }} />;
}
