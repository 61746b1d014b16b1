import type { formats, LOCALE, messages } from './catalogue';

declare module 'next-intl' {
  interface AppConfig {
    Locale: typeof LOCALE;
    Messages: typeof messages;
    Formats: typeof formats;
  }
}
