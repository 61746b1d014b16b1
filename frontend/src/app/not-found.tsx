import { Button } from '@mantine/core';
import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { AuthCard } from '@/features/auth/auth-card';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('auth.notFound'))('title') };
}

export default async function NotFound() {
  const t = await getTranslations('auth.notFound');
  return (
    <AuthCard title={t('title')} lead={t('lead')}>
      <Button component="a" href="/" fullWidth>
        {t('home')}
      </Button>
    </AuthCard>
  );
}
