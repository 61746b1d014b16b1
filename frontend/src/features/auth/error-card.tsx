'use client';

import { Button, Stack, Text } from '@mantine/core';
import { useTranslations } from 'next-intl';
import { AuthCard } from './auth-card';

interface Props {
  error: Error & { digest?: string };
  reset: () => void;
}

/** What is shown when a page fails: nothing of the inside but the number that the log has it under. */
export function ErrorCard({ error, reset }: Props) {
  const t = useTranslations('auth.error');
  return (
    <AuthCard title={t('title')} lead={t('lead')}>
      <Stack gap="sm">
        {error.digest && (
          <Text size="sm" c="dimmed">
            {t('reference', { digest: error.digest })}
          </Text>
        )}
        <Button onClick={reset} fullWidth>
          {t('retry')}
        </Button>
        <Button component="a" href="/" variant="default" fullWidth>
          {t('home')}
        </Button>
      </Stack>
    </AuthCard>
  );
}
