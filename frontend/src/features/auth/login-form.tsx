'use client';

import { Alert, Anchor, Button, Stack, TextInput } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useTranslations } from 'next-intl';
import * as z from 'zod/mini';
import { AuthCard } from './auth-card';
import { FailureAlert } from './failure-alert';
import { email, password } from './fields';
import { useInvalidMessage } from './invalid-message';
import { authPage, goOn } from './next-page';
import { PasswordField } from './password-field';
import { post } from './post';
import type { LoginReason } from './reasons';
import { nextReply } from './replies';
import { useAuthForm } from './use-auth-form';

const schema = z.object({ email, password });

export function LoginForm({ next, reason }: { next: string | null; reason: LoginReason | null }) {
  const t = useTranslations('auth');
  const { formProps, field, failure, submitProps } = useAuthForm({
    initialValues: { email: '', password: '' },
    schema,
    message: useInvalidMessage(),
    send: (values) => post('/api/auth/sign-in', values, nextReply),
    done: (reply) => goOn(reply.next, next),
  });

  return (
    <AuthCard title={t('login.title')} lead={t('login.lead')}>
      {reason && !failure && (
        <Alert color={reason === 'reset' ? 'green' : 'blue'} icon={<IconInfoCircle aria-hidden />} role="status">
          {t(`login.reasons.${reason}`)}
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
            data-autofocus
          />
          <PasswordField {...field('password')} label={t('fields.password')} autoComplete="current-password" />
          <Button {...submitProps} fullWidth size="md">
            {t('login.submit')}
          </Button>
          <Anchor href={authPage('forgot', next)} ta="center">
            {t('login.forgot')}
          </Anchor>
        </Stack>
      </form>
    </AuthCard>
  );
}
