import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { ResetForm } from '@/features/auth/reset-form';
import { safePath } from '@/lib/safe-path';
import { one, type Query } from '@/server/query';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('auth.reset'))('title') };
}

export default async function Page({ searchParams }: { searchParams: Query }) {
  return <ResetForm next={safePath(one((await searchParams).next))} />;
}
