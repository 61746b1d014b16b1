import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import type { ReactNode } from 'react';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('auth.forbidden'))('title') };
}

export default function Layout({ children }: { children: ReactNode }) {
  return children;
}
