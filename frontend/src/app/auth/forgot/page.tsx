import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { ForgotForm } from '@/features/auth/forgot-form';
import { safePath } from '@/lib/safe-path';
import { one, type Query } from '@/server/query';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('auth.forgot'))('title') };
}

export default async function Page({ searchParams }: { searchParams: Query }) {
  const { next, reason } = await searchParams;
  return <ForgotForm next={safePath(one(next))} required={one(reason) === 'required'} />;
}
