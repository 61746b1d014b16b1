import { render, screen } from '@testing-library/react';
import type { ComponentProps } from 'react';
import { describe, expect, it } from 'vitest';
import { panel } from '@/testing/panel';
import { Trend } from './trend';

type Props = ComponentProps<typeof Trend>;

describe('Trend', () => {
  it.each<[string, string, Props]>([
    ['+12,3% vs. 30 dias antes', 'var(--color-good)', { value: 12.34, unit: 'percent', days: 30 }],
    ['-4,2% vs. 7 dias antes', 'var(--color-bad)', { value: -4.24, unit: 'percent', days: 7 }],
    ['-4,2% vs. 7 dias antes', 'var(--color-good)', { value: -4.24, unit: 'percent', better: 'down', days: 7 }],
    ['+1% vs. 90 dias antes', 'var(--color-bad)', { value: 1, unit: 'percent', better: 'down', days: 90 }],
    ['+0,69 p.p. vs. 7 dias antes', 'var(--color-good)', { value: 0.69, unit: 'points', days: 7 }],
    ['0% vs. 7 dias antes', 'var(--mantine-color-dimmed)', { value: 0, unit: 'percent', days: 7 }],
    ['sem período anterior para comparar', 'var(--mantine-color-dimmed)', { value: null, unit: 'percent', days: 7 }],
  ])('says %s, coloured %s', (text, color, props) => {
    render(<Trend {...props} />, { wrapper: panel() });
    expect(screen.getByText(text)).toHaveAttribute('style', expect.stringContaining(`color: ${color}`));
  });
});
