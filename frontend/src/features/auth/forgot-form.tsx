'use client';

import { Alert, Anchor, Button, Group, Stack, TextInput } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useTranslations } from 'next-intl';
import * as z from 'zod/mini';
import { AuthCard } from './auth-card';
import { FailureAlert } from './failure-alert';
import { email } from './fields';
import { useInvalidMessage } from './invalid-message';
import { authPage } from './next-page';
import { post } from './post';
import { rememberEmail } from './remembered-email';
import { emptyReply } from './replies';
import { useAuthForm } from './use-auth-form';

const schema = z.object({ email });

export function ForgotForm({ next, required }: { next: string | null; required: boolean }) {
  const t = useTranslations('auth');
  const { formProps, field, failure, submitProps } = useAuthForm({
    initialValues: { email: '' },
    schema,
    message: useInvalidMessage(),
    send: (values) => post('/api/auth/forgot', values, emptyReply),
    done: (_, values) => {
      rememberEmail(values.email);
      location.assign(authPage('reset', next));
    },
  });

  return (
    <AuthCard title={t('forgot.title')} lead={t('forgot.lead')}>
      {required && !failure && (
        <Alert icon={<IconInfoCircle aria-hidden />} role="status">
          {t('reset.required')}
        </Alert>
      )}
      <form {...formProps}>
        <Stack gap="md">
          <FailureAlert failure={failure} />
          <TextInput
            {...field('email')}
            type="email"
            label={t('fields.email')}
            autoComplete="username"
            inputMode="email"
            autoCapitalize="none"
            spellCheck={false}
            required
            withAsterisk={false}
          />
          <Button {...submitProps} fullWidth size="md">
            {t('forgot.submit')}
          </Button>
          <Group justify="space-between" gap="sm">
            <Anchor href={authPage('login', next)}>{t('forgot.back')}</Anchor>
            <Anchor href={authPage('reset', next)}>{t('forgot.haveCode')}</Anchor>
          </Group>
        </Stack>
      </form>
    </AuthCard>
  );
}
