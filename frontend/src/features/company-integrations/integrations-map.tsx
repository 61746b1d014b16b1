import { Anchor, Table } from '@mantine/core';
import { useTranslations } from 'next-intl';
import { Fragment } from 'react';
import type { IntegrationCount } from '@/api/generated';
import { IntegrationType } from '@/features/integrations/integration-type';
import { useFormats } from '@/lib/formats';
import { STATUSES } from './statuses';

type Status = (typeof STATUSES)[number];

interface IntegrationsMapProps {
  counts: IntegrationCount[];
  onChoose: (type: string | null, status: Status | null) => void;
}

/** How many integrations of each kind work; each number narrows the table to what it counts. */
export function IntegrationsMap({ counts, onChoose }: IntegrationsMapProps) {
  const t = useTranslations('company.integrations');
  const formats = useFormats();
  const types = [...new Set(counts.map(({ type }) => type))].sort();
  const count = (type: string | null, status: Status | null) =>
    counts
      .filter((entry) => (type === null || entry.type === type) && (status === null || entry.status === status))
      .reduce((sum, entry) => sum + entry.count, 0);
  const cell = (type: string | null, status: Status | null, typeName: string) => (
    <Table.Td ta="right">
      <Anchor
        component="button"
        type="button"
        size="sm"
        fw={type === null || status === null ? 650 : 400}
        onClick={() => onChoose(type, status)}
        aria-label={t('cell', {
          count: count(type, status),
          type: typeName,
          status: status === null ? t('total') : t(`statuses.${status}`),
        })}
      >
        {formats.integer(count(type, status))}
      </Anchor>
    </Table.Td>
  );
  return (
    <Table.ScrollContainer minWidth={240}>
      <Table aria-label={t('map')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('type')}</Table.Th>
            {STATUSES.map((status) => (
              <Table.Th key={status} ta="right">
                {t(`statuses.${status}`)}
              </Table.Th>
            ))}
            <Table.Th ta="right">{t('total')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {types.map((type) => (
            <Table.Tr key={type}>
              <Table.Th scope="row">
                <IntegrationType type={type} />
              </Table.Th>
              {STATUSES.map((status) => (
                <Fragment key={status}>{cell(type, status, type)}</Fragment>
              ))}
              {cell(type, null, type)}
            </Table.Tr>
          ))}
          <Table.Tr>
            <Table.Th scope="row">{t('total')}</Table.Th>
            {STATUSES.map((status) => (
              <Fragment key={status}>{cell(null, status, t('total'))}</Fragment>
            ))}
            {cell(null, null, t('total'))}
          </Table.Tr>
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
