'use client';

import { Anchor, Collapse, Skeleton, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import dynamic from 'next/dynamic';
import { useTranslations } from 'next-intl';
import { type ReactNode, useId } from 'react';
import type { ChartTableProps } from './chart-table';

export const CHART_HEIGHT = 280;

/** Fetched by whoever asks for it. */
const ChartTable = dynamic(() => import('./chart-table').then((table) => table.ChartTable), { ssr: false });

interface ChartFigureProps {
  /** What the picture says, in a sentence or two, for whoever can't see it. */
  summary: string;
  /** The same numbers as a table. */
  table: ChartTableProps;
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
          <ChartTable {...table} />
        </Collapse>
      </div>
    </Stack>
  );
}

export function ChartSkeleton() {
  return <Skeleton height={CHART_HEIGHT} aria-hidden />;
}
