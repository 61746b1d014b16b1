'use client';

import { Button, Stack } from '@mantine/core';
import { useTranslations } from 'next-intl';
import * as z from 'zod/mini';
import { AuthCard } from './auth-card';
import { CodeField } from './code-field';
import { FailureAlert } from './failure-alert';
import { totpCode } from './fields';
import { useInvalidMessage } from './invalid-message';
import { goOn } from './next-page';
import { post } from './post';
import { nextReply } from './replies';
import { StartOver } from './start-over';
import { useAuthForm } from './use-auth-form';

const schema = z.object({ code: totpCode });

export function TotpForm({ next }: { next: string | null }) {
  const t = useTranslations('auth');
  const { formProps, field, failure, submitProps } = useAuthForm({
    initialValues: { code: '' },
    schema,
    message: useInvalidMessage(),
    send: (values) => post('/api/auth/totp', values, nextReply),
    done: (reply) => goOn(reply.next, next),
  });

  return (
    <AuthCard title={t('totp.title')} lead={t('totp.lead')}>
      <form {...formProps}>
        <Stack gap="md">
          <FailureAlert failure={failure} />
          <CodeField {...field('code')} label={t('fields.code')} />
          <Button {...submitProps} fullWidth size="md">
            {t('totp.submit')}
          </Button>
          <StartOver next={next} />
        </Stack>
      </form>
    </AuthCard>
  );
}
