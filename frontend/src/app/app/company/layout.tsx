import { type ReactNode, Suspense } from 'react';
import { Frame } from '@/components/shell/frame';

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <Suspense>
      <Frame side="internal">{children}</Frame>
    </Suspense>
  );
}
