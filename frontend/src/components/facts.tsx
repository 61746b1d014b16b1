import { Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** What is known of one thing. */
export function Facts({ facts }: { facts: [label: string, value: ReactNode][] }) {
  return (
    <Stack component="dl" gap="xs" m={0} mb="sm">
      {facts.map(([label, value]) => (
        <Group key={label} component="div" justify="space-between" align="flex-start" gap="sm">
          <Text component="dt" size="sm" c="dimmed">
            {label}
          </Text>
          <Text component="dd" size="sm" m={0} style={{ overflowWrap: 'anywhere' }}>
            {value}
          </Text>
        </Group>
      ))}
    </Stack>
  );
}
