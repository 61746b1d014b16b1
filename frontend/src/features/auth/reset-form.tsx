'use client';

import { Anchor, Button, Group, Stack, TextInput } from '@mantine/core';
import { useTranslations } from 'next-intl';
import { useEffect, useRef } from 'react';
import * as z from 'zod/mini';
import { AuthCard } from './auth-card';
import { CodeField } from './code-field';
import { FailureAlert } from './failure-alert';
import { email, passwordPair, resetCode, sameTwice } from './fields';
import { useInvalidMessage } from './invalid-message';
import { NewPasswordFields } from './new-password-fields';
import { authPage } from './next-page';
import { post } from './post';
import { rememberedEmail } from './remembered-email';
import { emptyReply } from './replies';
import { useAuthForm } from './use-auth-form';

const schema = z.object({ email, code: resetCode, ...passwordPair }).check(sameTwice());

export function ResetForm({ next }: { next: string | null }) {
  const t = useTranslations('auth');
  const emailInput = useRef<HTMLInputElement>(null);
  const { formProps, field, failure, submitProps } = useAuthForm({
    initialValues: { email: '', code: '', password: '', repeat: '' },
    schema,
    message: useInvalidMessage(),
    send: ({ repeat, ...values }) => post('/api/auth/reset', values, emptyReply),
    done: () => location.assign(authPage('login', next, { reason: 'reset' })),
  });

  useEffect(() => {
    if (emailInput.current && !emailInput.current.value) emailInput.current.value = rememberedEmail();
  }, []);

  return (
    <AuthCard title={t('reset.title')} lead={t('reset.lead')}>
      <form {...formProps}>
        <Stack gap="md">
          <FailureAlert failure={failure} />
          <TextInput
            {...field('email')}
            ref={emailInput}
            type="email"
            label={t('fields.email')}
            autoComplete="username"
            inputMode="email"
            autoCapitalize="none"
            spellCheck={false}
            required
            withAsterisk={false}
          />
          <CodeField {...field('code')} label={t('fields.resetCode')} />
          <NewPasswordFields password={field('password')} repeat={field('repeat')} />
          <Button {...submitProps} fullWidth size="md">
            {t('reset.submit')}
          </Button>
          <Group justify="space-between" gap="sm">
            <Anchor href={authPage('login', next)}>{t('forgot.back')}</Anchor>
            <Anchor href={authPage('forgot', next)}>{t('reset.resend')}</Anchor>
          </Group>
        </Stack>
      </form>
    </AuthCard>
  );
}
