import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './facts.module.css';

/** What is known of one thing. */
export function Facts({ facts }: { facts: [label: string, value: ReactNode][] }) {
  return (
    <Stack component="dl" gap="xs" m={0} mb="sm">
      {facts.map(([label, value]) => (
        <div key={label} className={classes.fact}>
          <Text component="dt" size="sm" c="dimmed">
            {label}
          </Text>
          <Text component="dd" size="sm" className={classes.value}>
            {value}
          </Text>
        </div>
      ))}
    </Stack>
  );
}
