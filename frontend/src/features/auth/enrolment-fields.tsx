import { Button, Center, CopyButton, Image, Paper, Stack, Text } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useTranslations } from 'next-intl';
import type { ComponentProps } from 'react';
import { CodeField } from './code-field';

interface Props {
  secret: string;
  qr: string;
  code: ComponentProps<typeof CodeField>;
}

/** A new TOTP secret, to be read by a camera or typed, and the code that proves it arrived. */
export function EnrolmentFields({ secret, qr, code }: Props) {
  const t = useTranslations('auth');
  const grouped = secret.replaceAll(/(.{4})(?=.)/g, '$1 ');
  return (
    <Stack gap="md">
      <Text size="sm">{t('enrollment.scan')}</Text>
      <Center>
        {/* Scanners need dark on light, in the dark theme too. */}
        <Paper bg="white" p={4} withBorder>
          <Image src={qr} alt={t('enrollment.qr')} w={208} h={208} />
        </Paper>
      </Center>
      <div>
        <Text size="sm" c="dimmed" mb={4}>
          {t('enrollment.manual')}
        </Text>
        <Text component="output" display="block" ff="monospace" aria-label={t('enrollment.secret')}>
          {grouped}
        </Text>
      </div>
      <CopyButton value={secret}>
        {({ copied, copy }) => (
          <Button
            variant="default"
            onClick={copy}
            leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
          >
            <span aria-live="polite">{t(copied ? 'enrollment.copied' : 'enrollment.copy')}</span>
          </Button>
        )}
      </CopyButton>
      <Text size="sm">{t('enrollment.confirm')}</Text>
      <CodeField {...code} label={t('fields.code')} />
    </Stack>
  );
}
