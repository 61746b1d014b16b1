'use client';

import { Button, Stack } from '@mantine/core';
import { useTranslations } from 'next-intl';
import * as z from 'zod/mini';
import { AuthCard } from './auth-card';
import { FailureAlert } from './failure-alert';
import { passwordPair, sameTwice } from './fields';
import { HiddenUsername } from './hidden-username';
import { useInvalidMessage } from './invalid-message';
import { NewPasswordFields } from './new-password-fields';
import { goOn } from './next-page';
import { post } from './post';
import { nextReply } from './replies';
import { StartOver } from './start-over';
import { useAuthForm } from './use-auth-form';

const schema = z.object(passwordPair).check(sameTwice());

export function NewPasswordForm({ email, next }: { email: string; next: string | null }) {
  const t = useTranslations('auth');
  const { formProps, field, failure, submitProps } = useAuthForm({
    initialValues: { password: '', repeat: '' },
    schema,
    message: useInvalidMessage(),
    send: ({ password }) => post('/api/auth/new-password', { password }, nextReply),
    done: (reply) => goOn(reply.next, next),
  });

  return (
    <AuthCard title={t('newPassword.title')} lead={t('newPassword.lead')}>
      <form {...formProps}>
        <Stack gap="md">
          <FailureAlert failure={failure} />
          <HiddenUsername email={email} />
          <NewPasswordFields password={field('password')} repeat={field('repeat')} />
          <Button {...submitProps} fullWidth size="md">
            {t('newPassword.submit')}
          </Button>
          <StartOver next={next} />
        </Stack>
      </form>
    </AuthCard>
  );
}
