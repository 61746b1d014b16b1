import type { ReactNode } from 'react';
import { Frame } from '@/components/shell/frame';
import { isInternal } from '@/lib/rights';
import { readSession } from '@/server/session';

/** Nothing here may be sent before the page is known to exist: its status says whether it does. */
export default async function Layout({ children }: { children: ReactNode }) {
  const session = await readSession();
  return <Frame side={isInternal(session?.groups ?? []) ? 'internal' : 'tenant'}>{children}</Frame>;
}
