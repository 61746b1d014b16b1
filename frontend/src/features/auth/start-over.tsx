import { Anchor } from '@mantine/core';
import { useTranslations } from 'next-intl';
import { authPage } from './next-page';

export function StartOver({ next }: { next: string | null }) {
  const t = useTranslations('auth.totp');
  return (
    <Anchor href={authPage('login', next)} ta="center">
      {t('back')}
    </Anchor>
  );
}
