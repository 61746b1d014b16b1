import { Anchor, Card, Group, Text, Title } from '@mantine/core';
import Link from 'next/link';
import { type ReactNode, useId } from 'react';

interface PanelProps {
  title: string;
  /** What the numbers are, of which days, in which unit. */
  note?: string;
  /** Where the whole of it is. */
  more?: { label: string; href: string };
  actions?: ReactNode;
  children: ReactNode;
}

/** A titled part of a page. */
export function Panel({ title, note, more, actions, children }: PanelProps) {
  const id = useId();
  return (
    <Card component="section" aria-labelledby={id}>
      <Group justify="space-between" align="baseline" mb="sm" gap="xs">
        <div>
          <Title order={2} id={id}>
            {title}
          </Title>
          {note && (
            <Text size="xs" c="dimmed">
              {note}
            </Text>
          )}
        </div>
        {more && (
          <Anchor component={Link} href={more.href} size="sm">
            {more.label}
          </Anchor>
        )}
        {actions}
      </Group>
      {children}
    </Card>
  );
}
