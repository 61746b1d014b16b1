import { PasswordInput, type PasswordInputProps } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useTranslations } from 'next-intl';

/** A password with a switch to see it; the switch can be reached by keyboard and says what it does. */
export function PasswordField(props: PasswordInputProps) {
  const t = useTranslations('auth.fields');
  const [visible, { toggle }] = useDisclosure(false);
  return (
    <PasswordInput
      visible={visible}
      onVisibilityChange={toggle}
      visibilityToggleButtonProps={{
        'aria-label': t(visible ? 'hidePassword' : 'showPassword'),
        'aria-hidden': undefined,
        tabIndex: 0,
      }}
      withAsterisk={false}
      required
      {...props}
    />
  );
}
