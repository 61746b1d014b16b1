'use client';

import { ActionIcon, Menu, Text } from '@mantine/core';
import { IconLogout, IconUserCircle, IconUserCog } from '@tabler/icons-react';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useRef } from 'react';
import { useProfile } from '@/lib/session';
import { useSignOut } from './sign-out';

/** Opens at once: it is there because somebody asked for it. */
export function UserMenu() {
  const t = useTranslations('shell.user');
  const profile = useProfile();
  const signOut = useSignOut();
  const button = useRef<HTMLButtonElement>(null);
  return (
    <Menu
      position="bottom-end"
      width={240}
      defaultOpened
      onClose={() => button.current?.focus()}
      // Part of the header, as its button is, and made of nothing but items.
      withinPortal={false}
      withInitialFocusPlaceholder={false}
    >
      <Menu.Target>
        <ActionIcon ref={button} variant="subtle" color="gray" size="lg" aria-label={t('menu')}>
          <IconUserCircle size={20} stroke={1.7} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {profile && (
          <Menu.Label>
            <Text size="sm" fw={600} truncate>
              {profile.name ?? profile.email}
            </Text>
            <Text size="xs" c="dimmed" truncate>
              {profile.email}
            </Text>
          </Menu.Label>
        )}
        <Menu.Item component={Link} href="/app/account" leftSection={<IconUserCog size={16} />}>
          {t('account')}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={signOut}>
          {t('signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
