'use client';

import { Anchor, Group, Stack, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { parseAsString, parseAsStringLiteral } from 'nuqs';
import type { Command } from '@/api/generated';
import { commandsOptions } from '@/api/generated/@tanstack/react-query.gen';
import { CsvButton } from '@/components/csv-button';
import { DataTable, TableSkeleton } from '@/components/data-table';
import { FilterSelect } from '@/components/filter-select';
import { Instant } from '@/components/instant';
import { Panel } from '@/components/panel';
import { QueryView } from '@/components/states/query-view';
import { EmptyState } from '@/components/states/states';
import { useFilters, usePage } from '@/lib/page';
import { PAGE_RULES } from '@/lib/pages';
import { hasEnded, STATUSES } from './command';
import { CommandStatus } from './command-status';
import { COMMAND_TYPES } from './prefill';
import { TenantSelect } from './tenant-select';

const PAGE_SIZE = 20;
/** How often what hasn't ended is looked at again. */
const WATCH = 3000;

export function CommandHistory({ onOpen }: { onOpen: (id: string) => void }) {
  const t = useTranslations('company.operations');
  const types = useTranslations('shell.commandTypes');
  const { page, offset, setPage } = usePage(PAGE_SIZE);
  const [filters, filter] = useFilters(
    {
      of_type: parseAsStringLiteral(COMMAND_TYPES),
      status: parseAsStringLiteral(STATUSES),
      of_tenant: parseAsString,
    },
    setPage,
  );
  const query = {
    ...(filters.of_type ? { command_type: filters.of_type } : {}),
    ...(filters.status ? { status: filters.status } : {}),
    ...(filters.of_tenant ? { tenant_id: filters.of_tenant } : {}),
  };
  const commands = useQuery({
    ...commandsOptions({ query: { ...query, limit: PAGE_SIZE, offset } }),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.commands.some((command) => !hasEnded(command.status)) ? WATCH : false),
  });
  const what = (command: Command) => (
    <Anchor component="button" type="button" size="sm" fw={550} onClick={() => onOpen(command.command_id)}>
      {types(`${command.command_type as (typeof COMMAND_TYPES)[number]}`)}
    </Anchor>
  );
  const whose = ({ tenant_id, tenant_name }: Command) =>
    tenant_id ? (
      <Anchor component={Link} href={`${PAGE_RULES.tenants.path}/${tenant_id}`} size="sm">
        {tenant_name ?? tenant_id}
      </Anchor>
    ) : (
      '–'
    );
  return (
    <Panel
      title={t('history.title')}
      actions={<CsvButton path="/internal/operations/commands" query={query} name="comandos" />}
    >
      <Stack gap="md">
        <Group gap="sm" align="flex-end">
          <FilterSelect
            label={t('history.type')}
            value={filters.of_type}
            options={COMMAND_TYPES.map((value) => ({ value, label: types(`${value}`) }))}
            onChange={(value) => filter({ of_type: value as (typeof COMMAND_TYPES)[number] | null })}
          />
          <FilterSelect
            label={t('history.status')}
            value={filters.status}
            options={STATUSES.map((value) => ({ value, label: t(`statuses.${value}`) }))}
            onChange={(value) => filter({ status: value as (typeof STATUSES)[number] | null })}
          />
          <TenantSelect
            label={t('history.tenant')}
            value={filters.of_tenant}
            onChange={(value) => filter({ of_tenant: value })}
          />
        </Group>
        <QueryView
          query={commands}
          skeleton={<TableSkeleton rows={8} />}
          empty={{ when: (data) => data.total === 0, show: <EmptyState title={t('history.empty')} /> }}
        >
          {(data) => (
            <DataTable
              label={t('history.title')}
              records={data.commands}
              idOf={({ command_id }) => command_id}
              fetching={commands.isPlaceholderData}
              paging={{ page, size: PAGE_SIZE, total: data.total, onChange: setPage }}
              columns={[
                { accessor: 'command_type', title: t('history.command'), render: what },
                {
                  accessor: 'status',
                  title: t('history.status'),
                  render: ({ status }) => <CommandStatus status={status} />,
                },
                { accessor: 'tenant_name', title: t('history.tenant'), render: whose },
                {
                  accessor: 'created_at',
                  title: t('history.createdAt'),
                  render: (command) => <Instant at={command.created_at} />,
                },
                {
                  accessor: 'completed_at',
                  title: t('history.completedAt'),
                  render: (command) => <Instant at={command.completed_at} />,
                },
              ]}
              card={(command) => (
                <Stack gap={6}>
                  <Group justify="space-between" wrap="nowrap">
                    {what(command)}
                    <CommandStatus status={command.status} />
                  </Group>
                  <Text size="xs" c="dimmed" component="div">
                    <Instant at={command.created_at} /> · {whose(command)}
                  </Text>
                </Stack>
              )}
            />
          )}
        </QueryView>
      </Stack>
    </Panel>
  );
}
