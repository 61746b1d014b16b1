'use client';

import { Alert, Button, Stack } from '@mantine/core';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { signOut } from '@/lib/session';
import { AuthCard } from './auth-card';

export function ForbiddenCard() {
  const t = useTranslations('auth.forbidden');
  const [state, setState] = useState<'idle' | 'busy' | 'failed'>('idle');

  const leave = () => {
    setState('busy');
    signOut().catch(() => setState('failed'));
  };

  return (
    <AuthCard title={t('title')} lead={t('lead')}>
      <Stack gap="sm">
        <div role="alert">{state === 'failed' && <Alert color="red">{t('signOutFailed')}</Alert>}</div>
        <Button component="a" href="/" fullWidth>
          {t('home')}
        </Button>
        <Button variant="default" onClick={leave} loading={state === 'busy'} fullWidth>
          {t('signOut')}
        </Button>
      </Stack>
    </AuthCard>
  );
}
