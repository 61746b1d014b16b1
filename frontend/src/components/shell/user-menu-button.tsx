'use client';

import { ActionIcon } from '@mantine/core';
import { IconUserCircle } from '@tabler/icons-react';
import dynamic from 'next/dynamic';
import { useTranslations } from 'next-intl';
import { useState } from 'react';

/** Fetched when it is wanted for the first time: menus are heavy, and rarely needed. */
const UserMenu = dynamic(() => import('./user-menu').then((menu) => menu.UserMenu), {
  ssr: false,
  loading: () => <UserIcon loading />,
});

export function UserMenuButton() {
  const [wanted, setWanted] = useState(false);
  return wanted ? <UserMenu /> : <UserIcon onClick={() => setWanted(true)} />;
}

function UserIcon({ loading, onClick }: { loading?: boolean; onClick?: () => void }) {
  const t = useTranslations('shell.user');
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={t('menu')}
      aria-haspopup="menu"
      loading={loading}
      onClick={onClick}
    >
      <IconUserCircle size={20} stroke={1.7} />
    </ActionIcon>
  );
}
