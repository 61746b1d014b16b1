'use client';

import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useMounted } from '@mantine/hooks';
import { IconMoon, IconSun } from '@tabler/icons-react';
import { useTranslations } from 'next-intl';

export function ColorSchemeToggle() {
  const t = useTranslations('shell.colorScheme');
  const { setColorScheme } = useMantineColorScheme();
  // Until the page is the browser's, what the server can't know is taken to be light.
  const mounted = useMounted();
  const dark = useComputedColorScheme('light') === 'dark' && mounted;
  const Icon = dark ? IconSun : IconMoon;
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={t(dark ? 'light' : 'dark')}
      onClick={() => setColorScheme(dark ? 'light' : 'dark')}
    >
      <Icon size={18} stroke={1.7} />
    </ActionIcon>
  );
}
