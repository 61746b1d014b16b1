'use client';

import { Button, Center, Code, CopyButton, Group, Stack, Text, ThemeIcon } from '@mantine/core';
import {
  IconCloudOff,
  IconHourglass,
  IconInbox,
  IconLock,
  IconMapQuestion,
  IconPlugConnectedX,
  IconRefresh,
} from '@tabler/icons-react';
import { useTranslations } from 'next-intl';
import type { ComponentType, ReactNode } from 'react';
import type { ApiError } from '@/api/problem';

interface StateProps {
  icon: ComponentType<{ size?: number; stroke?: number }>;
  title: string;
  text?: string;
  color?: string;
  /** Whether a screen reader should be told at once. */
  alert?: boolean;
  children?: ReactNode;
}

/** What a part of a page shows in place of data. */
function State({ icon: Icon, title, text, color = 'gray', alert = false, children }: StateProps) {
  return (
    <Center py="lg" px="xs" role={alert ? 'alert' : undefined}>
      <Stack align="center" gap="xs" maw={420}>
        <ThemeIcon variant="light" color={color} size={44} radius="xl" aria-hidden>
          <Icon size={24} stroke={1.6} />
        </ThemeIcon>
        <Text fw={650} ta="center">
          {title}
        </Text>
        {text && (
          <Text c="dimmed" size="sm" ta="center">
            {text}
          </Text>
        )}
        {children}
      </Stack>
    </Center>
  );
}

export function EmptyState({ title, text, children }: { title: string; text?: string; children?: ReactNode }) {
  return (
    <State icon={IconInbox} title={title} text={text}>
      {children}
    </State>
  );
}

export function OfflineState() {
  const t = useTranslations('shell.states.offline');
  return <State icon={IconCloudOff} title={t('title')} text={t('text')} alert />;
}

export function NoPermissionState() {
  const t = useTranslations('shell.states.noPermission');
  return <State icon={IconLock} title={t('title')} text={t('text')} alert />;
}

/** Why data isn't there, and what can be done about it. */
export function ErrorState({ error, retry, retrying }: { error: ApiError; retry: () => void; retrying: boolean }) {
  const t = useTranslations('shell.states');
  if (error.status === 403) return <NoPermissionState />;
  // What the address says is part of the request: a value that the API can't read describes nothing.
  if (error.status === 404 || error.status === 400) {
    return <State icon={IconMapQuestion} title={t('notFound.title')} text={t('notFound.text')} alert />;
  }
  const limited = error.status === 429;
  return (
    <State
      icon={limited ? IconHourglass : IconPlugConnectedX}
      color={limited ? 'yellow' : 'red'}
      title={limited ? t('limited.title') : t('error.title')}
      text={limited ? t('limited.text') : t('error.text')}
      alert
    >
      <Button leftSection={<IconRefresh size={16} />} variant="default" onClick={retry} loading={retrying}>
        {t('error.retry')}
      </Button>
      <RequestId error={error} />
    </State>
  );
}

/** What support needs to find the request in the logs. */
export function RequestId({ error }: { error: ApiError }) {
  const t = useTranslations('shell.states.error');
  if (!error.requestId) return null;
  return (
    <CopyButton value={error.requestId}>
      {({ copied, copy }) => (
        <Group gap={6} justify="center">
          <Text size="xs" c="dimmed">
            {t('requestId')} <Code fz="xs">{error.requestId}</Code>
          </Text>
          <Button variant="subtle" size="compact-xs" onClick={copy}>
            {copied ? t('copied') : t('copy')}
          </Button>
        </Group>
      )}
    </CopyButton>
  );
}
