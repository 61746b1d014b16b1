import { getRequestConfig } from 'next-intl/server';
import { formats, LOCALE, messages, TIME_ZONE } from './catalogue';

export default getRequestConfig(async () => ({ locale: LOCALE, timeZone: TIME_ZONE, messages, formats }));
