import { Alert, Card, Center, Stack, Text, Title } from '@mantine/core';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { Logo } from '@/components/logo';

interface Props {
  title: string;
  lead?: string;
  children: ReactNode;
}

/** The one card in the middle that sign-in pages and pages about errors are made of. */
export function AuthCard({ title, lead, children }: Props) {
  const t = useTranslations('auth');
  return (
    <Center component="main" mih="100dvh" p="md">
      <Stack w="100%" maw={420} gap="lg">
        <Center>
          <Logo size={36} />
        </Center>
        <Card padding="xl" shadow="sm">
          <Stack gap="lg">
            <Stack gap={6}>
              <Title order={1}>{title}</Title>
              {lead && <Text c="dimmed">{lead}</Text>}
            </Stack>
            <noscript>
              <Alert color="yellow">{t('noScript')}</Alert>
            </noscript>
            {children}
          </Stack>
        </Card>
      </Stack>
    </Center>
  );
}
