'use client';

import { Alert, Button, Group, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { changeTenant, createTenant, type TenantChange, type TenantRecord } from '@/api/generated';
import { internalOptionsOptions } from '@/api/generated/@tanstack/react-query.gen';
import { toApiError } from '@/api/problem';
import { clearButton } from '@/components/clear-button';
import { RequestId } from '@/components/states/states';
import { formatCnpj, isCnpj } from '@/lib/cnpj';
import { useFormats } from '@/lib/formats';
import { STATUSES } from './statuses';
import { fetchTenant } from './tenant-query';

interface Values {
  name: string;
  cnpj: string;
  segment: string;
  plan: string;
  mrr_estimate: number | string;
  status: string;
}

interface Seen {
  tenant: TenantRecord;
  /** Of the state that the person sees: the API refuses to overwrite any other. */
  etag: string;
}

const EMPTY: Values = { name: '', cnpj: '', segment: '', plan: '', mrr_estimate: '', status: 'active' };
const LARGEST_MRR = 9_999_999_999.99;

const toValues = (tenant: TenantRecord): Values => ({
  name: tenant.name,
  cnpj: tenant.cnpj,
  segment: tenant.segment ?? '',
  plan: tenant.plan,
  mrr_estimate: tenant.mrr_estimate ?? '',
  status: tenant.status,
});

const toBody = (values: Values) => ({
  name: values.name.trim(),
  cnpj: values.cnpj,
  segment: values.segment.trim() || null,
  plan: values.plan,
  mrr_estimate: values.mrr_estimate === '' ? null : Number(values.mrr_estimate),
  status: values.status as TenantChange['status'],
});

/** Adds a tenant, or changes the one that was seen. */
export function TenantForm({ seen, onDone }: { seen?: Seen; onDone: () => void }) {
  const t = useTranslations('company.tenantForm');
  const client = useQueryClient();
  const options = useQuery(internalOptionsOptions());
  const [base, setBase] = useState(seen);
  const [conflict, setConflict] = useState<Seen | null>(null);
  const form = useForm<Values>({
    initialValues: seen ? toValues(seen.tenant) : EMPTY,
    validate: {
      name: (name) => (name.trim() ? null : t('required')),
      cnpj: (cnpj) => (isCnpj(cnpj) ? null : t('invalidCnpj')),
      plan: (plan) => (plan ? null : t('required')),
    },
  });
  const save = useMutation({
    mutationFn: async ({ values, etag }: { values: Values; etag?: string }) => {
      const body = toBody(values);
      if (!base)
        return (await createTenant({ body: { ...body, status: body.status as never }, throwOnError: true })).data;
      const changed = changes(body, toBody(toValues(base.tenant)));
      const headers = { 'If-Match': etag ?? base.etag };
      return (await changeTenant({ path: { id: base.tenant.id }, body: changed, headers, throwOnError: true })).data;
    },
    onSuccess: async ({ tenant }) => {
      await client.invalidateQueries();
      notifications.show({ color: 'green', message: t(seen ? 'changed' : 'added', { name: tenant.name }) });
      onDone();
    },
    onError: async (error) => {
      const failure = toApiError(error, undefined);
      if (failure.status === 409) form.setFieldError('cnpj', t('cnpjInUse'));
      for (const field of failure.errors.map(fieldOf)) if (field) form.setFieldError(field, t('refused'));
      if (failure.status === 412 && base) setConflict(await fetchTenant(base.tenant.id));
    },
  });
  const submit = (values: Values) => {
    // The API takes no change that changes nothing.
    if (base && Object.keys(changes(toBody(values), toBody(toValues(base.tenant)))).length === 0) return onDone();
    save.mutate({ values });
  };
  const failure = save.isError ? toApiError(save.error, undefined) : null;
  const unexplained = failure && ![409, 412].includes(failure.status) && !failure.errors.some(fieldOf);
  return (
    <form noValidate onSubmit={form.onSubmit(submit)} aria-label={t(seen ? 'edit' : 'add')}>
      <Stack gap="sm">
        {conflict && base && (
          <Conflict
            mine={form.values}
            before={base.tenant}
            theirs={conflict.tenant}
            onTake={() => {
              form.setValues(toValues(conflict.tenant));
              setBase(conflict);
              setConflict(null);
              save.reset();
            }}
            onKeep={() => {
              // What the person changed is kept; what they left alone is taken from the other.
              const mine = changes(toBody(form.values), toBody(toValues(base.tenant)));
              const values = { ...toValues(conflict.tenant), ...toFields(mine) };
              form.setValues(values);
              setBase(conflict);
              setConflict(null);
              save.reset();
            }}
          />
        )}
        <TextInput label={t('name')} required maxLength={255} data-autofocus {...form.getInputProps('name')} />
        <TextInput
          label={t('cnpj')}
          required
          autoComplete="off"
          {...form.getInputProps('cnpj')}
          onChange={(event) => form.setFieldValue('cnpj', formatCnpj(event.currentTarget.value))}
        />
        <Select
          label={t('segment')}
          data={withOwn(options.data?.segments ?? [], form.values.segment)}
          clearable
          searchable
          clearButtonProps={clearButton(t('noSegment'))}
          {...form.getInputProps('segment')}
          // No segment is null here: with '' it would go on showing the one before.
          value={form.values.segment || null}
          onChange={(value) => form.setFieldValue('segment', value ?? '')}
        />
        <Select
          label={t('plan')}
          required
          allowDeselect={false}
          data={withOwn(
            (options.data?.plans ?? []).map(({ name }) => name),
            form.values.plan,
          )}
          {...form.getInputProps('plan')}
        />
        <NumberInput
          label={t('mrr')}
          prefix="R$ "
          decimalSeparator=","
          thousandSeparator="."
          decimalScale={2}
          fixedDecimalScale
          min={0}
          max={LARGEST_MRR}
          hideControls
          {...form.getInputProps('mrr_estimate')}
        />
        <Select
          label={t('status')}
          allowDeselect={false}
          data={STATUSES.map((value) => ({ value, label: t(`statuses.${value}`) }))}
          {...form.getInputProps('status')}
        />
        {unexplained && (
          <Alert color="red" variant="light" role="alert" title={t('failed')}>
            <RequestId error={failure} />
          </Alert>
        )}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onDone}>
            {t('cancel')}
          </Button>
          <Button type="submit" loading={save.isPending} disabled={conflict !== null}>
            {t('save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface ConflictProps {
  mine: Values;
  before: TenantRecord;
  theirs: TenantRecord;
  onTake: () => void;
  onKeep: () => void;
}

/** Somebody else saved first: says what they changed, and asks whose state counts. */
function Conflict({ before, theirs, onTake, onKeep }: ConflictProps) {
  const t = useTranslations('company.tenantForm');
  const formats = useFormats();
  const changed = changes(toBody(toValues(theirs)), toBody(toValues(before)));
  const write = (field: string, value: unknown) => {
    if (value === null) return '–';
    if (field === 'mrr_estimate') return formats.money(Number(value));
    return field === 'status' ? t(`statuses.${value as (typeof STATUSES)[number]}`) : String(value);
  };
  return (
    <Alert color="yellow" variant="light" role="alert" title={t('conflict.title')}>
      <Stack gap="xs">
        <Text size="sm">{t('conflict.text')}</Text>
        <ul>
          {Object.entries(changed).map(([field, value]) => (
            <li key={field}>
              <Text size="sm">
                {t('conflict.change', { field: t(`fields.${field as keyof Values}`), value: write(field, value) })}
              </Text>
            </li>
          ))}
        </ul>
        <Group gap="sm">
          <Button size="xs" variant="default" onClick={onTake}>
            {t('conflict.take')}
          </Button>
          <Button size="xs" onClick={onKeep}>
            {t('conflict.keep')}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}

/** The field that a refusal is about, if it is about one. */
function fieldOf({ pointer }: { pointer?: string }): keyof Values | undefined {
  const field = pointer?.split('/')[1];
  return field && Object.hasOwn(EMPTY, field) ? (field as keyof Values) : undefined;
}

/** Only what differs is sent, so that two people who change different things don't undo each other. */
function changes<T extends Record<string, unknown>>(now: T, before: T): Partial<T> {
  return Object.fromEntries(Object.entries(now).filter(([key, value]) => value !== before[key])) as Partial<T>;
}

function toFields(body: Partial<ReturnType<typeof toBody>>): Partial<Values> {
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, value ?? ''])) as Partial<Values>;
}

/** A value that isn't offered any more is still what the tenant has. */
function withOwn(offered: string[], own: string): string[] {
  return own && !offered.includes(own) ? [...offered, own] : offered;
}
