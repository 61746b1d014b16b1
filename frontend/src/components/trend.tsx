import { Text } from '@mantine/core';
import { IconArrowDownRight, IconArrowRight, IconArrowUpRight } from '@tabler/icons-react';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/lib/formats';

interface TrendProps {
  /** Null where there is nothing to compare with. */
  value: number | null;
  /** A change in percent, or a difference in percentage points, in number, in money. */
  unit: 'percent' | 'points' | 'count' | 'money';
  /** Which direction is good news. */
  better?: 'up' | 'down';
  /** How many days are compared with as many before them; the last 24 hours without. */
  days?: number;
}

/** How the last complete days compare with as many days before them. */
export function Trend({ value, unit, better = 'up', days }: TrendProps) {
  const t = useTranslations('shell.trend');
  const formats = useFormats();
  if (value === null) {
    return (
      <Text size="xs" c="dimmed" component="span">
        {t('none')}
      </Text>
    );
  }
  const write = {
    percent: formats.change,
    points: formats.points,
    count: formats.difference,
    money: formats.moneyDifference,
  }[unit];
  const good = value === 0 ? null : value > 0 === (better === 'up');
  const Icon = value === 0 ? IconArrowRight : value > 0 ? IconArrowUpRight : IconArrowDownRight;
  return (
    <Text
      size="xs"
      component="span"
      c={good === null ? 'dimmed' : good ? 'var(--color-good)' : 'var(--color-bad)'}
      style={{ display: 'inline-flex', alignItems: 'center', gap: 2 }}
    >
      <Icon size={14} aria-hidden />
      {days === undefined ? t('againstHours', { change: write(value) }) : t('against', { change: write(value), days })}
    </Text>
  );
}
