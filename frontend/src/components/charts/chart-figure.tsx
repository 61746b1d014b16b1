'use client';

import { Anchor, Collapse, Skeleton, Stack, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useTranslations } from 'next-intl';
import { type ReactNode, useId } from 'react';

export const CHART_HEIGHT = 280;

interface ChartFigureProps {
  /** What the picture says, in a sentence or two, for whoever can't see it. */
  summary: string;
  /** The same numbers as a table. */
  table: { head: string[]; rows: { key: string; cells: string[] }[] };
  children: ReactNode;
}

/** A chart with its text alternative. */
export function ChartFigure({ summary, table, children }: ChartFigureProps) {
  const t = useTranslations('shell.chart');
  const [opened, { toggle }] = useDisclosure(false);
  const id = useId();
  return (
    <Stack component="figure" gap="xs" m={0} aria-describedby={id}>
      <div aria-hidden style={{ minHeight: CHART_HEIGHT }}>
        {children}
      </div>
      <Text component="figcaption" id={id} size="xs" c="dimmed">
        {summary}
      </Text>
      <div>
        <Anchor component="button" type="button" size="xs" onClick={toggle} aria-expanded={opened}>
          {opened ? t('hideTable') : t('showTable')}
        </Anchor>
        <Collapse expanded={opened} keepMounted={false}>
          <Table.ScrollContainer minWidth={280} maxHeight={320} mt="xs">
            <Table stickyHeader striped>
              <Table.Thead>
                <Table.Tr>
                  {table.head.map((cell) => (
                    <Table.Th key={cell}>{cell}</Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {table.rows.map((row) => (
                  <Table.Tr key={row.key}>
                    {row.cells.map((cell, index) => (
                      <Table.Td key={table.head[index]}>{cell}</Table.Td>
                    ))}
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Collapse>
      </div>
    </Stack>
  );
}

export function ChartSkeleton() {
  return <Skeleton height={CHART_HEIGHT} aria-hidden />;
}
