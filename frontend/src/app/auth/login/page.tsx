import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { LoginForm } from '@/features/auth/login-form';
import { LOGIN_REASONS } from '@/features/auth/reasons';
import { safePath } from '@/lib/safe-path';
import { one, type Query } from '@/server/query';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('auth.login'))('title') };
}

export default async function Page({ searchParams }: { searchParams: Query }) {
  const { next, reason } = await searchParams;
  return <LoginForm next={safePath(one(next))} reason={LOGIN_REASONS.find((known) => known === one(reason)) ?? null} />;
}
