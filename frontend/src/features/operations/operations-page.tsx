'use client';

import { Stack } from '@mantine/core';
import { useTranslations } from 'next-intl';
import { parseAsString, useQueryState } from 'nuqs';
import { PageHeader } from '@/components/page-header';
import { Panel } from '@/components/panel';
import { CommandDrawer } from './command-drawer';
import { CommandForm } from './command-form';
import { CommandHistory } from './command-history';

export function OperationsPage() {
  const t = useTranslations('company.operations');
  // The command that is looked at, so that a link shows the same.
  const [command, setCommand] = useQueryState('command', parseAsString.withOptions({ history: 'push' }));
  return (
    <Stack gap="md">
      <PageHeader title={t('title')} text={t('text')} />
      <Panel title={t('form.title')} note={t('form.note')}>
        <CommandForm onCreated={(id) => void setCommand(id)} />
      </Panel>
      <CommandHistory onOpen={(id) => void setCommand(id)} />
      <CommandDrawer
        commandId={command}
        onClose={() => void setCommand(null)}
        onRepeated={(id) => void setCommand(id)}
      />
    </Stack>
  );
}
