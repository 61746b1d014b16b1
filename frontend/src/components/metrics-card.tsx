import { Card, Group, Skeleton, Stack, Text, ThemeIcon } from '@mantine/core';
import Link from 'next/link';
import type { ComponentType, ReactNode } from 'react';
import classes from './metrics-card.module.css';

interface MetricsCardProps {
  title: string;
  icon: ComponentType<{ size?: number; stroke?: number }>;
  value: ReactNode;
  note?: ReactNode;
  /** What the number is made of. */
  href: string;
}

/** One number, and the way to what it is made of. */
export function MetricsCard({ title, icon: Icon, value, note, href }: MetricsCardProps) {
  return (
    <Card component={Link} href={href} className={classes.card}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="sm" c="dimmed" fw={500}>
          {title}
        </Text>
        <ThemeIcon variant="light" size={32} aria-hidden>
          <Icon size={18} stroke={1.7} />
        </ThemeIcon>
      </Group>
      <Stack gap={2} mt={4} mih={62}>
        <Text className={classes.value} component="span">
          {value}
        </Text>
        {note && (
          <Text size="xs" c="dimmed" component="span">
            {note}
          </Text>
        )}
      </Stack>
    </Card>
  );
}

export function MetricsCardSkeleton() {
  return (
    <Card aria-hidden>
      <Group justify="space-between" wrap="nowrap">
        <Skeleton height={14} width="50%" />
        <Skeleton height={32} width={32} />
      </Group>
      <Stack gap={8} mt={4} h={62} justify="center">
        <Skeleton height={26} width="40%" />
        <Skeleton height={10} width="65%" />
      </Stack>
    </Card>
  );
}
