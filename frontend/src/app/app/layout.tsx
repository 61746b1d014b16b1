import { redirect } from 'next/navigation';
import type { ReactNode } from 'react';
import { IdentityProvider } from '@/lib/identity';
import { readSession } from '@/server/session';
import { QueryProvider } from './query-provider';

/** Everything behind the sign-in. Who may see which page is decided in proxy.ts, before this runs. */
export default async function Layout({ children }: { children: ReactNode }) {
  const session = await readSession();
  if (!session) redirect('/auth/login');
  const { sub, groups, tenantId } = session;
  return (
    <IdentityProvider identity={{ sub, groups, tenantId }}>
      <QueryProvider>{children}</QueryProvider>
    </IdentityProvider>
  );
}
