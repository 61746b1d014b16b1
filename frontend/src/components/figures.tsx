import { Card, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

export interface Figure {
  label: string;
  value: string;
  /** What it is compared with, or made of. */
  note?: ReactNode;
}

const columnsOf = (columns: number) => ({ base: 1, xs: 2, md: columns % 3 === 0 ? 3 : 2, xl: columns });

/** Numbers beside each other. */
export function Figures({ figures, columns }: { figures: Figure[]; columns: number }) {
  return (
    <SimpleGrid cols={columnsOf(columns)} spacing="md" component="dl" m={0}>
      {figures.map(({ label, value, note }) => (
        <Card key={label} component="div">
          <Text component="dt" size="sm" c="dimmed" fw={500}>
            {label}
          </Text>
          <Stack component="dd" gap={2} m={0}>
            <Text
              fz={22}
              fw={650}
              component="span"
              style={{ fontVariantNumeric: 'tabular-nums', overflowWrap: 'anywhere' }}
            >
              {value}
            </Text>
            {note && (
              <Text size="xs" c="dimmed" component="span">
                {note}
              </Text>
            )}
          </Stack>
        </Card>
      ))}
    </SimpleGrid>
  );
}

export function FiguresSkeleton({ columns }: { columns: number }) {
  return (
    <SimpleGrid cols={columnsOf(columns)} spacing="md" aria-hidden>
      {Array.from({ length: columns }, (_, index) => (
        <Skeleton key={index.toString()} height={118} />
      ))}
    </SimpleGrid>
  );
}
