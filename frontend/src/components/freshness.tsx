'use client';

import { Group, Text } from '@mantine/core';
import { IconClock } from '@tabler/icons-react';
import { useNow, useTranslations } from 'next-intl';
import { useFormats } from '@/lib/formats';

const TICK = 30_000;

/** How old the counts are: everything that had arrived by `asOf` is in them. */
export function Freshness({ asOf }: { asOf: string | null | undefined }) {
  const t = useTranslations('shell.freshness');
  const now = useNow({ updateInterval: TICK });
  const formats = useFormats();
  if (asOf === undefined) return null;
  if (asOf === null) {
    return (
      <Text size="xs" c="dimmed">
        {t('never')}
      </Text>
    );
  }
  return (
    <Group gap={4} wrap="nowrap" component="span" title={t('exact', { instant: formats.instant(asOf) })}>
      <IconClock size={14} aria-hidden />
      <Text size="xs" c="dimmed" component="time" dateTime={asOf}>
        {t('updated', { ago: formats.ago(asOf, now) })}
      </Text>
    </Group>
  );
}
