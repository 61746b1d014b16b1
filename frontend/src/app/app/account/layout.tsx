import { type ReactNode, Suspense } from 'react';
import { Frame } from '@/components/shell/frame';
import { isInternal } from '@/lib/rights';
import { readSession } from '@/server/session';

export default async function Layout({ children }: { children: ReactNode }) {
  const session = await readSession();
  return (
    <Suspense>
      <Frame side={isInternal(session?.groups ?? []) ? 'internal' : 'tenant'}>{children}</Frame>
    </Suspense>
  );
}
