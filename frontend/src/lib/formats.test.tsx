import { renderHook } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { panel } from '@/testing/panel';
import { useFormats } from './formats';

const { result } = renderHook(useFormats, { wrapper: panel() });
const formats = result.current;

/** Intl puts spaces that don't break where people type ordinary ones. */
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('useFormats', () => {
  it.each([
    ['integer', 1_234_567, '1.234.567'],
    ['integer', 999.6, '1.000'],
    ['integer', 0, '0'],
    ['integer', -1234, '-1.234'],
    ['percent', 98.5, '98,50%'],
    ['percent', 100, '100,00%'],
    ['percent', 0, '0,00%'],
    ['money', 1234.56, 'R$ 1.234,56'],
    ['money', 0, 'R$ 0,00'],
    ['money', -9.9, '-R$ 9,90'],
    ['milliseconds', 1234, '1.234 ms'],
    ['change', 12.34, '+12,3%'],
    ['change', -5.96, '-6%'],
    ['change', 1234.5, '+1.234,5%'],
    ['change', 0, '0%'],
    ['points', 0.69, '+0,69 p.p.'],
    ['points', -0.5, '-0,5 p.p.'],
    ['points', 0, '0 p.p.'],
    ['compact', 1500, '1,5 mil'],
    ['compact', 2_000_000, '2 mi'],
  ] as const)('%s of %d is %s', (format, value, written) => {
    expect(plain(formats[format](value))).toBe(written);
  });

  it('writes days and instants in UTC, whatever the clock of the computer says', () => {
    expect(formats.day('2026-03-01')).toBe('01/03/2026');
    expect(formats.dayShort('2026-12-31')).toBe('31/12');
    expect(plain(formats.instant('2026-03-01T00:05:00.000Z'))).toBe('01/03/2026, 00:05 UTC');
    expect(plain(formats.instant('2026-02-28T23:05:00.000-03:00'))).toBe('01/03/2026, 02:05 UTC');
  });

  it.each(['integer', 'compact', 'percent', 'money', 'milliseconds', 'change', 'points'] as const)(
    '%s of nothing is a dash',
    (format) => {
      expect(formats[format](null)).toBe('–');
      expect(formats[format](undefined)).toBe('–');
    },
  );

  it.each(['day', 'dayShort', 'instant'] as const)('%s of nothing is a dash', (format) => {
    expect(formats[format](null)).toBe('–');
  });

  it('says how long ago something was', () => {
    const now = new Date('2026-03-01T12:00:00Z');
    expect(formats.ago('2026-03-01T11:55:00Z', now)).toBe('há 5 minutos');
    expect(formats.ago('2026-02-27T12:00:00Z', now)).toBe('há 2 dias');
    expect(formats.ago('2026-03-01T12:00:00Z', now)).toBe('agora');
  });
});
