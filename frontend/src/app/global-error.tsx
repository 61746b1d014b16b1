'use client';

import { NextIntlClientProvider, useTranslations } from 'next-intl';
import { LOCALE, messages, TIME_ZONE } from '@/i18n/catalogue';

interface Props {
  error: Error & { digest?: string };
  reset: () => void;
}

/** The layout itself has failed: this page needs nothing of what may be broken, and every page carries it, so it is small. */
export default function GlobalError(props: Props) {
  return (
    <html lang={LOCALE}>
      <body style={{ fontFamily: 'system-ui, sans-serif', maxWidth: 420, margin: '20vh auto', padding: 16 }}>
        <NextIntlClientProvider locale={LOCALE} timeZone={TIME_ZONE} messages={messages}>
          <Failure {...props} />
        </NextIntlClientProvider>
      </body>
    </html>
  );
}

function Failure({ error, reset }: Props) {
  const t = useTranslations('auth.error');
  return (
    <main>
      <h1>{t('title')}</h1>
      <p>{t('lead')}</p>
      {error.digest && <p>{t('reference', { digest: error.digest })}</p>}
      <button type="button" onClick={reset}>
        {t('retry')}
      </button>
    </main>
  );
}
