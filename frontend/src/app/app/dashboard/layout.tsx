import { type ReactNode, Suspense } from 'react';
import { Frame } from '@/components/shell/frame';
import { TenantGate } from '@/features/tenants/tenant-gate';
import { ViewingBanner } from '@/features/tenants/viewing-banner';

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <Suspense>
      <Frame side="tenant" banner={<ViewingBanner />}>
        <TenantGate>{children}</TenantGate>
      </Frame>
    </Suspense>
  );
}
