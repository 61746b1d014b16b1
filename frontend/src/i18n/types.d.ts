import type { formats, LOCALE, messages } from './catalogue';
import type { companyMessages } from './company';

declare module 'next-intl' {
  interface AppConfig {
    Locale: typeof LOCALE;
    Messages: typeof messages & typeof companyMessages;
    Formats: typeof formats;
  }
}
