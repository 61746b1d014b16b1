import { Group, Text } from '@mantine/core';

/** The mark: an alembic whose drop is a golden section below its neck. */
export function LogoMark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden focusable="false">
      <rect width="32" height="32" rx="9" fill="var(--mantine-primary-color-filled)" />
      <path
        d="M12.5 6.5h7M14 6.5v7.2l-6.1 9.4c-1 1.6.1 3.4 2 3.4h12.2c1.9 0 3-1.8 2-3.4L18 13.7V6.5"
        fill="none"
        stroke="#fff"
        strokeWidth="2"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <path d="M11.4 20.6h9.2l2 3.1c.3.5 0 1.1-.6 1.1H10c-.6 0-.9-.6-.6-1.1z" fill="#ffd27a" />
      <circle cx="16" cy="16.6" r="1.3" fill="#ffd27a" />
    </svg>
  );
}

interface LogoProps {
  size?: number;
  /** The mark alone where the name would take another's place. */
  short?: boolean;
}

export function Logo({ size = 28, short = false }: LogoProps) {
  return (
    <Group gap={8} wrap="nowrap">
      <LogoMark size={size} />
      <Text
        fw={700}
        size="md"
        component="span"
        visibleFrom={short ? 'xs' : undefined}
        style={{ letterSpacing: '-0.01em' }}
      >
        AlquimistaAI
      </Text>
    </Group>
  );
}
