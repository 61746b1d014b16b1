'use client';

import { Button, Skeleton, Stack } from '@mantine/core';
import { useTranslations } from 'next-intl';
import * as z from 'zod/mini';
import { AuthCard } from './auth-card';
import { EnrolmentFields } from './enrolment-fields';
import { FailureAlert } from './failure-alert';
import { totpCode } from './fields';
import { useInvalidMessage } from './invalid-message';
import { goOn } from './next-page';
import { post } from './post';
import { nextReply } from './replies';
import { StartOver } from './start-over';
import { useAuthForm } from './use-auth-form';
import { ENROLMENT_PATH, useNewSecret } from './use-new-secret';

const schema = z.object({ code: totpCode });

/** A sign-in that goes on only with a second factor, for who has none yet. */
export function EnrollTotpForm({ next }: { next: string | null }) {
  const t = useTranslations('auth');
  const begun = useNewSecret();
  const { formProps, field, failure, submitProps } = useAuthForm({
    initialValues: { code: '' },
    schema,
    message: useInvalidMessage(),
    send: (values) => post(ENROLMENT_PATH, { step: 'confirm', ...values }, nextReply),
    done: (reply) => goOn(reply.next, next),
  });

  return (
    <AuthCard title={t('enrollTotp.title')} lead={t('enrollTotp.lead')}>
      <form {...formProps}>
        <Stack gap="md">
          <FailureAlert failure={begun?.ok === false ? begun : failure} />
          {!begun && <Skeleton h={208} />}
          {begun?.ok && (
            <>
              <EnrolmentFields secret={begun.data.secret} qr={begun.data.qr} code={field('code')} />
              <Button {...submitProps} fullWidth size="md">
                {t('enrollTotp.submit')}
              </Button>
            </>
          )}
          <StartOver next={next} />
        </Stack>
      </form>
    </AuthCard>
  );
}
