import { Button, Group, Skeleton, Stack } from '@mantine/core';
import { useTranslations } from 'next-intl';
import * as z from 'zod/mini';
import { EnrolmentFields } from './enrolment-fields';
import { FailureAlert } from './failure-alert';
import { totpCode } from './fields';
import { useInvalidMessage } from './invalid-message';
import { post } from './post';
import { emptyReply } from './replies';
import { useAuthForm } from './use-auth-form';
import { ENROLMENT_PATH, useNewSecret } from './use-new-secret';

const schema = z.object({ code: totpCode });

export function TotpEnableForm({ done, cancel }: { done: () => void; cancel: () => void }) {
  const t = useTranslations('auth.account');
  const begun = useNewSecret();
  const { formProps, field, failure, submitProps } = useAuthForm({
    initialValues: { code: '' },
    schema,
    message: useInvalidMessage(),
    send: (values) => post(ENROLMENT_PATH, { step: 'confirm', ...values }, emptyReply),
    done,
  });

  return (
    <form {...formProps}>
      <Stack gap="md">
        <FailureAlert failure={begun?.ok === false ? begun : failure} />
        {!begun && <Skeleton h={208} />}
        {begun?.ok && <EnrolmentFields secret={begun.data.secret} qr={begun.data.qr} code={field('code')} />}
        <Group>
          <Button {...submitProps} disabled={!begun?.ok}>
            {t('confirmEnable')}
          </Button>
          <Button variant="default" onClick={cancel}>
            {t('cancel')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
