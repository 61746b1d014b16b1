'use client';

import { Button, Group, MultiSelect, NumberInput, Select, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { type inferParserType, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import {
  internalIntegrationsOptions,
  internalOptionsOptions,
  internalTenantAgentsOptions,
} from '@/api/generated/@tanstack/react-query.gen';
import { clearButton } from '@/components/clear-button';
import {
  type CommandValues,
  DEFAULT_MESSAGES,
  FIELDS,
  isDisruptive,
  MAX_MESSAGES,
  missing,
  toCommand,
} from './command';
import { COMMAND_TYPES, type CommandType } from './prefill';
import { TenantSelect } from './tenant-select';
import { useCreateCommand } from './use-create-command';

const prefill = {
  type: parseAsStringLiteral(COMMAND_TYPES),
  tenant: parseAsString,
  agent: parseAsString,
  integration: parseAsString,
};

interface CommandFormProps {
  onCreated: (id: string) => void;
}

/** A link may have filled it in; another link begins another form. */
export function CommandForm({ onCreated }: CommandFormProps) {
  const [prefilled] = useQueryStates(prefill);
  return <Form key={JSON.stringify(prefilled)} prefilled={prefilled} onCreated={onCreated} />;
}

/** Fields follow the type; what they offer is what there is. */
function Form({ prefilled, onCreated }: CommandFormProps & { prefilled: inferParserType<typeof prefill> }) {
  const t = useTranslations('company.operations');
  const types = useTranslations('shell.commandTypes');
  const create = useCreateCommand(onCreated);
  const form = useForm<CommandValues>({
    initialValues: {
      type: prefilled.type ?? 'HEALTH_CHECK',
      tenant: prefilled.tenant,
      agent: prefilled.agent,
      integration: prefilled.integration,
      queue: null,
      maxMessages: DEFAULT_MESSAGES,
      checks: [],
    },
    validate: (values) =>
      Object.fromEntries(
        missing(values).map((field) => [field, t(field === 'maxMessages' ? 'form.messagesRange' : 'form.required')]),
      ),
  });
  const { type, tenant } = form.values;
  const has = (field: keyof CommandValues) => FIELDS[type].includes(field);
  const options = useQuery(internalOptionsOptions());
  const agents = useQuery({
    ...internalTenantAgentsOptions({ path: { id: tenant ?? '' } }),
    enabled: has('agent') && tenant !== null,
  });
  const integrations = useQuery({
    ...internalIntegrationsOptions({ query: { tenant_id: tenant ?? '', limit: 100 } }),
    enabled: has('integration') && tenant !== null,
  });

  const send = async (values: CommandValues) => {
    const command = toCommand(values);
    if (!isDisruptive(values.type)) return create.mutate(command);
    const { modals } = await import('@mantine/modals');
    modals.openConfirmModal({
      title: types(`${values.type}`),
      children: <Text size="sm">{t(`confirm.${values.type as Exclude<CommandType, 'HEALTH_CHECK'>}`)}</Text>,
      labels: { confirm: t('form.confirm'), cancel: t('form.cancel') },
      onConfirm: () => create.mutate(command),
    });
  };

  return (
    <form noValidate onSubmit={form.onSubmit((values) => void send(values))} aria-label={t('form.title')}>
      <Stack gap="sm">
        <Group gap="sm" align="flex-start">
          <Select
            label={t('form.type')}
            allowDeselect={false}
            data={COMMAND_TYPES.map((value) => ({ value, label: types(`${value}`) }))}
            value={type}
            onChange={(value) => {
              form.clearErrors();
              form.setFieldValue('type', value as CommandType);
            }}
            w={{ base: '100%', xs: 260 }}
          />
          {has('tenant') && (
            <TenantSelect
              label={t('form.tenant')}
              required={type !== 'HEALTH_CHECK'}
              value={tenant}
              error={form.errors.tenant}
              onChange={(value) => form.setValues({ tenant: value, agent: null, integration: null })}
            />
          )}
          {has('agent') && (
            <Select
              label={t('form.agent')}
              required
              searchable
              disabled={tenant === null}
              data={(agents.data?.agents ?? []).map(({ id, name, status }) => ({
                value: id,
                label: name,
                // The command refuses these.
                disabled: status === 'suspended',
              }))}
              nothingFoundMessage={t('form.nothing')}
              w={{ base: '100%', xs: 260 }}
              {...form.getInputProps('agent')}
            />
          )}
          {has('integration') && (
            <Select
              label={t('form.integration')}
              required
              searchable
              disabled={tenant === null}
              data={(integrations.data?.integrations ?? []).map(({ id, name }) => ({ value: id, label: name }))}
              nothingFoundMessage={t('form.nothing')}
              w={{ base: '100%', xs: 260 }}
              {...form.getInputProps('integration')}
            />
          )}
          {has('queue') && (
            <Select
              label={t('form.queue')}
              required
              data={options.data?.queues ?? []}
              nothingFoundMessage={t('form.nothing')}
              w={{ base: '100%', xs: 260 }}
              {...form.getInputProps('queue')}
            />
          )}
          {has('maxMessages') && (
            <NumberInput
              label={t('form.maxMessages')}
              required
              min={1}
              max={MAX_MESSAGES}
              allowDecimal={false}
              thousandSeparator="."
              decimalSeparator=","
              w={{ base: '100%', xs: 180 }}
              {...form.getInputProps('maxMessages')}
            />
          )}
          {has('checks') && (
            <MultiSelect
              label={t('form.checks')}
              placeholder={form.values.checks.length === 0 ? t('form.allChecks') : undefined}
              data={(options.data?.checks ?? []).map((value) => ({ value, label: t(`checks.${value as 'database'}`) }))}
              clearable
              clearButtonProps={clearButton(t('form.allChecks'))}
              w={{ base: '100%', xs: 320 }}
              {...form.getInputProps('checks')}
            />
          )}
        </Group>
        <Text size="sm" c="dimmed">
          {t(`explanations.${type}`)}
        </Text>
        <Group>
          <Button type="submit" loading={create.isPending} leftSection={<IconPlayerPlay size={16} aria-hidden />}>
            {t('form.submit')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
