'use client';

import { Alert, Button, Code, Drawer, Group, Progress, Skeleton, Stack, Text, Timeline, Title } from '@mantine/core';
import { IconReload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useEffect, useState } from 'react';
import type { CommandDetails, DetailedCommand, NewCommand } from '@/api/generated';
import { commandOptions } from '@/api/generated/@tanstack/react-query.gen';
import { Facts } from '@/components/facts';
import { Instant } from '@/components/instant';
import { QueryView } from '@/components/states/query-view';
import { Metadata } from '@/features/audit/metadata';
import { useFormats } from '@/lib/formats';
import { hasEnded, isDisruptive, readOutput } from './command';
import { CommandStatus } from './command-status';
import type { CommandType } from './prefill';
import { useCreateCommand } from './use-create-command';

/** How often a command that hasn't ended is looked at. */
const WATCH = 1000;
/** Its last audit row may come a moment after its end. */
const ROWS_OF_AN_END = 3;

interface CommandDrawerProps {
  opened: boolean;
  /** The command that is shown; while the drawer closes, the one that was. */
  commandId: string;
  onClose: () => void;
  onRepeated: (id: string) => void;
}

/** One command, watched until it ends. */
export function CommandDrawer({ opened, commandId, onClose, onRepeated }: CommandDrawerProps) {
  const t = useTranslations('company.operations');
  const query = useQuery({
    ...commandOptions({ path: { id: commandId } }),
    enabled: opened,
    staleTime: 0,
    refetchInterval: ({ state: { data } }) => (data && isSettled(data) ? false : WATCH),
  });
  // Only what opens after it is there gives the focus back to where it was.
  const [there, setThere] = useState(false);
  useEffect(() => setThere(true), []);
  return (
    <Drawer
      opened={opened && there}
      onClose={onClose}
      position="right"
      size="lg"
      title={t('drawer.title')}
      closeButtonProps={{ 'aria-label': t('drawer.close') }}
      // The kit makes it a `header`, which here would be another of the page.
      attributes={{ header: { role: 'presentation' } }}
    >
      <QueryView query={query} skeleton={<Skeleton height={320} />}>
        {(details) => <Details details={details} onRepeated={onRepeated} />}
      </QueryView>
    </Drawer>
  );
}

function isSettled({ command, audit }: CommandDetails): boolean {
  return hasEnded(command.status) && audit.length >= ROWS_OF_AN_END;
}

function Details({
  details: { command, audit },
  onRepeated,
}: {
  details: CommandDetails;
  onRepeated: (id: string) => void;
}) {
  const t = useTranslations('company.operations');
  const types = useTranslations('shell.commandTypes');
  const repeat = useCreateCommand(onRepeated);
  const type = command.command_type as CommandType;
  const again = async () => {
    const copy: NewCommand = {
      command_type: type,
      parameters: command.parameters ?? {},
      ...(command.tenant_id ? { tenant_id: command.tenant_id } : {}),
    };
    if (!isDisruptive(type)) return repeat.mutate(copy);
    const { modals } = await import('@mantine/modals');
    modals.openConfirmModal({
      title: t('drawer.again'),
      children: <Text size="sm">{t(`confirm.${type as Exclude<CommandType, 'HEALTH_CHECK'>}`)}</Text>,
      labels: { confirm: t('form.confirm'), cancel: t('form.cancel') },
      onConfirm: () => repeat.mutate(copy),
    });
  };
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={2}>{types(`${type}`)}</Title>
        <div role="status">
          <CommandStatus status={command.status} />
        </div>
      </Group>
      {!hasEnded(command.status) && <Progress value={100} animated striped aria-label={t('drawer.underWay')} />}
      {command.error_message && (
        <Alert color="red" variant="light" title={t('drawer.error')} role="alert">
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {command.error_message}
          </Text>
        </Alert>
      )}
      <Output command={command} />
      <Facts
        facts={[
          [t('drawer.id'), <Code key="id">{command.command_id}</Code>],
          [t('drawer.tenant'), command.tenant_name ?? command.tenant_id ?? '–'],
          [t('drawer.createdBy'), <Code key="by">{command.created_by}</Code>],
          [t('drawer.createdAt'), <Instant key="created" at={command.created_at} />],
          [t('drawer.startedAt'), <Instant key="started" at={command.started_at} />],
          [t('drawer.completedAt'), <Instant key="completed" at={command.completed_at} />],
          [t('drawer.attempt'), String(command.attempt)],
        ]}
      />
      {command.parameters && Object.keys(command.parameters).length > 0 && (
        <section aria-label={t('drawer.parameters')}>
          <Title order={3} mb="xs">
            {t('drawer.parameters')}
          </Title>
          <Metadata metadata={command.parameters} />
        </section>
      )}
      <section aria-label={t('drawer.audit')}>
        <Title order={3} mb="xs">
          {t('drawer.audit')}
        </Title>
        <Timeline active={audit.length} bulletSize={14} lineWidth={2}>
          {audit.map((event) => (
            <Timeline.Item key={event.id} title={event.title}>
              <Text size="xs" c="dimmed" component="div">
                <Instant at={event.created_at} />
              </Text>
            </Timeline.Item>
          ))}
        </Timeline>
      </section>
      {hasEnded(command.status) && (
        <Group>
          <Button
            variant="default"
            leftSection={<IconReload size={16} aria-hidden />}
            loading={repeat.isPending}
            onClick={() => void again()}
          >
            {t('drawer.again')}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

/** What it did, in words where they are known. */
function Output({ command }: { command: DetailedCommand }) {
  const t = useTranslations('company.operations');
  const formats = useFormats();
  const output = readOutput(command.output);
  const moved = command.progress?.moved;
  if (output === null) {
    return moved === undefined || hasEnded(command.status) ? null : (
      <Text size="sm">{t('drawer.movedSoFar', { count: formats.integer(moved) })}</Text>
    );
  }
  return (
    <section aria-label={t('drawer.output')}>
      <Title order={3} mb="xs">
        {t('drawer.output')}
      </Title>
      {typeof output === 'string' ? <Code block>{output}</Code> : <Metadata metadata={output} />}
    </section>
  );
}
