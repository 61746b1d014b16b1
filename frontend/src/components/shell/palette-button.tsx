'use client';

import { ActionIcon, Button, Kbd } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import dynamic from 'next/dynamic';
import { useTranslations } from 'next-intl';
import { useState } from 'react';

/** Fetched when it is wanted for the first time. */
const Palette = dynamic(() => import('./palette').then((palette) => palette.Palette), { ssr: false });

export function PaletteButton() {
  const t = useTranslations('shell.palette');
  const [asked, setAsked] = useState(0);
  const open = () => setAsked((times) => times + 1);
  useHotkeys([['mod+K', open]], []);
  return (
    <>
      <Button
        variant="default"
        size="xs"
        visibleFrom="sm"
        onClick={open}
        leftSection={<IconSearch size={14} aria-hidden />}
        rightSection={<Kbd size="xs">Ctrl K</Kbd>}
      >
        {t('open')}
      </Button>
      <ActionIcon variant="subtle" color="gray" size="lg" hiddenFrom="sm" aria-label={t('open')} onClick={open}>
        <IconSearch size={18} stroke={1.7} />
      </ActionIcon>
      {asked > 0 && <Palette asked={asked} />}
    </>
  );
}
