import { List, Stack, Text, ThemeIcon, VisuallyHidden } from '@mantine/core';
import { IconCheck, IconPoint } from '@tabler/icons-react';
import { useTranslations } from 'next-intl';
import { type ComponentProps, useId, useState } from 'react';
import { PASSWORD_RULES } from './fields';
import { PasswordField } from './password-field';

type FieldProps = ComponentProps<typeof PasswordField>;

/** A new password, its rules, which tick themselves off, and the same password again. */
export function NewPasswordFields({ password, repeat }: { password: FieldProps; repeat: FieldProps }) {
  const t = useTranslations('auth');
  const [typed, setTyped] = useState('');
  const rules = useId();
  return (
    <Stack
      gap="md"
      onInput={({ target }) =>
        target instanceof HTMLInputElement && target.name === 'password' && setTyped(target.value)
      }
    >
      <PasswordField
        {...password}
        label={t('fields.newPassword')}
        autoComplete="new-password"
        aria-describedby={rules}
      />
      <div id={rules}>
        <Text size="sm" c="dimmed" mb={4}>
          {t('policy.title')}
        </Text>
        <List size="sm" spacing={2} center listStyleType="none">
          {PASSWORD_RULES.map(([name, rule]) => {
            const met = rule.test(typed);
            return (
              <List.Item
                key={name}
                icon={
                  <ThemeIcon size={18} radius="xl" variant={met ? 'filled' : 'default'} color="green" aria-hidden>
                    {met ? <IconCheck size={12} /> : <IconPoint size={12} />}
                  </ThemeIcon>
                }
              >
                {t(`policy.${name}`)}
                <VisuallyHidden>{` (${t(met ? 'policy.met' : 'policy.unmet')})`}</VisuallyHidden>
              </List.Item>
            );
          })}
        </List>
      </div>
      <PasswordField {...repeat} label={t('fields.repeatPassword')} autoComplete="new-password" />
    </Stack>
  );
}
