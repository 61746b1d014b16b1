import { type ReactNode, Suspense } from 'react';
import { Frame } from '@/components/shell/frame';
import { CompanyMessages } from '@/i18n/company';

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <Suspense>
      <Frame side="internal">
        <CompanyMessages>{children}</CompanyMessages>
      </Frame>
    </Suspense>
  );
}
