import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { getTranslations } from 'next-intl/server';
import { EnrollTotpForm } from '@/features/auth/enroll-totp-form';
import { authPage } from '@/features/auth/next-page';
import { safePath } from '@/lib/safe-path';
import { one, type Query } from '@/server/query';
import { readChallenge } from '@/server/session';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('auth.enrollTotp'))('title') };
}

export default async function Page({ searchParams }: { searchParams: Query }) {
  const next = safePath(one((await searchParams).next));
  const challenge = await readChallenge();
  if (challenge?.name !== 'MFA_SETUP') redirect(authPage('login', next, { reason: 'challenge' }));
  return <EnrollTotpForm next={next} />;
}
