'use client';

import { Skeleton, Stack } from '@mantine/core';
import dynamic from 'next/dynamic';
import { useTranslations } from 'next-intl';
import { parseAsString, useQueryState } from 'nuqs';
import { useState } from 'react';
import { PageHeader } from '@/components/page-header';
import { Panel } from '@/components/panel';
import { CommandHistory } from './command-history';

const CommandForm = dynamic(() => import('./command-form').then((form) => form.CommandForm), {
  ssr: false,
  loading: () => <Skeleton height={160} />,
});
/** Fetched when a command is looked at. */
const CommandDrawer = dynamic(() => import('./command-drawer').then((drawer) => drawer.CommandDrawer), { ssr: false });

export function OperationsPage() {
  const t = useTranslations('company.operations');
  // The command that is looked at, so that a link shows the same.
  const [command, setCommand] = useQueryState('command', parseAsString.withOptions({ history: 'push' }));
  const [shown, setShown] = useState(command);
  if (command !== null && command !== shown) setShown(command);
  return (
    <Stack gap="md">
      <PageHeader title={t('title')} text={t('text')} />
      <Panel title={t('form.title')} note={t('form.note')}>
        <CommandForm onCreated={(id) => void setCommand(id)} />
      </Panel>
      <CommandHistory onOpen={(id) => void setCommand(id)} />
      {shown !== null && (
        <CommandDrawer
          opened={command !== null}
          commandId={shown}
          onClose={() => void setCommand(null)}
          onRepeated={(id) => void setCommand(id)}
        />
      )}
    </Stack>
  );
}
