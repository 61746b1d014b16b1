import { useFormatter, useTranslations } from 'next-intl';
import { useMemo } from 'react';

/** Numbers, money and days as Brazilians write them. A missing value is a dash. */
export function useFormats() {
  const format = useFormatter();
  const t = useTranslations('shell.units');
  return useMemo(() => {
    const orDash =
      <T>(write: (value: T) => string) =>
      (value: T | null | undefined) =>
        value === null || value === undefined ? '–' : write(value);
    const signed = (value: number) => ({ ...(value === 0 ? {} : { signDisplay: 'always' as const }) });
    return {
      integer: orDash((value: number) => format.number(value, 'integer')),
      /** As precise as it is, to the cent. */
      decimal: orDash((value: number) => format.number(value, { maximumFractionDigits: 2 })),
      compact: orDash((value: number) => format.number(value, 'compact')),
      /** From a percentage, 0 to 100. */
      percent: orDash((value: number) => `${format.number(value, 'percent')}%`),
      money: orDash((value: number) => format.number(value, 'money')),
      milliseconds: orDash((value: number) => t('milliseconds', { value: format.number(value, 'integer') })),
      /** A change in percent. */
      change: orDash((value: number) => `${format.number(value, { maximumFractionDigits: 1, ...signed(value) })}%`),
      /** A difference between two counts. */
      difference: orDash((value: number) => format.number(value, { maximumFractionDigits: 0, ...signed(value) })),
      moneyDifference: orDash((value: number) =>
        format.number(value, { style: 'currency', currency: 'BRL', ...signed(value) }),
      ),
      /** A difference between two percentages. */
      points: orDash((value: number) =>
        t('points', { value: format.number(value, { maximumFractionDigits: 2, ...signed(value) }) }),
      ),
      /** From `YYYY-MM-DD`, a UTC day. */
      day: orDash((value: string) => format.dateTime(new Date(value), 'day')),
      dayShort: orDash((value: string) => format.dateTime(new Date(value), 'dayShort')),
      /** From RFC 3339, in UTC and saying so. */
      instant: orDash((value: string) => t('utc', { value: format.dateTime(new Date(value), 'instant') })),
      /** How long before `now`; a clock that is behind the server's must not speak of the future. */
      ago: (value: string, now: Date) => {
        const instant = new Date(value);
        return format.relativeTime(instant, instant > now ? instant : now);
      },
    };
  }, [format, t]);
}
