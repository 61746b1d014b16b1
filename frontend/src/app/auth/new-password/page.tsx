import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { getTranslations } from 'next-intl/server';
import { NewPasswordForm } from '@/features/auth/new-password-form';
import { authPage } from '@/features/auth/next-page';
import { safePath } from '@/lib/safe-path';
import { one, type Query } from '@/server/query';
import { readChallenge } from '@/server/session';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('auth.newPassword'))('title') };
}

export default async function Page({ searchParams }: { searchParams: Query }) {
  const next = safePath(one((await searchParams).next));
  const challenge = await readChallenge();
  if (challenge?.name !== 'NEW_PASSWORD_REQUIRED') redirect(authPage('login', next, { reason: 'challenge' }));
  return <NewPasswordForm email={challenge.email} next={next} />;
}
