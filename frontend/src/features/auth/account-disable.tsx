import { Button, Group, Stack, Text } from '@mantine/core';
import { useTranslations } from 'next-intl';
import * as z from 'zod/mini';
import { CodeField } from './code-field';
import { FailureAlert } from './failure-alert';
import { password, totpCode } from './fields';
import { useInvalidMessage } from './invalid-message';
import { PasswordField } from './password-field';
import { post } from './post';
import { emptyReply } from './replies';
import { useAuthForm } from './use-auth-form';
import { ENROLMENT_PATH } from './use-new-secret';

const schema = z.object({ password, code: totpCode });

export function TotpDisableForm({ done, cancel }: { done: () => void; cancel: () => void }) {
  const t = useTranslations('auth');
  const { formProps, field, failure, submitProps } = useAuthForm({
    initialValues: { password: '', code: '' },
    schema,
    message: useInvalidMessage(),
    send: (values) => post(ENROLMENT_PATH, { step: 'disable', ...values }, emptyReply),
    done,
  });

  return (
    <form {...formProps}>
      <Stack gap="md">
        <Text size="sm">{t('account.disableLead')}</Text>
        <FailureAlert failure={failure} />
        <PasswordField {...field('password')} label={t('fields.password')} autoComplete="current-password" />
        <CodeField {...field('code')} label={t('fields.code')} />
        <Group>
          <Button {...submitProps}>{t('account.confirmDisable')}</Button>
          <Button variant="default" onClick={cancel}>
            {t('account.cancel')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
