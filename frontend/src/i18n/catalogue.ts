import type { Formats } from 'next-intl';
import auth from '../../messages/pt-BR/auth.json';
import dashboard from '../../messages/pt-BR/dashboard.json';
import shell from '../../messages/pt-BR/shell.json';

export const LOCALE = 'pt-BR';

/** Every day that the API speaks of is a UTC day. */
export const TIME_ZONE = 'UTC';

/** The catalogue: one file an area, one namespace a file. */
export const messages = { auth, dashboard, shell };

export const formats = {
  dateTime: {
    day: { day: '2-digit', month: '2-digit', year: 'numeric' },
    dayShort: { day: '2-digit', month: '2-digit' },
    instant: { day: '2-digit', month: '2-digit', year: 'numeric', hour: '2-digit', minute: '2-digit' },
  },
  number: {
    integer: { maximumFractionDigits: 0 },
    percent: { minimumFractionDigits: 2, maximumFractionDigits: 2 },
    compact: { notation: 'compact', maximumFractionDigits: 1 },
    money: { style: 'currency', currency: 'BRL' },
  },
} satisfies Formats;
