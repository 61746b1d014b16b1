'use client';

import { mantineHtmlProps } from '@mantine/core';
import { ErrorCard } from '@/features/auth/error-card';
import { LOCALE } from '@/i18n/catalogue';
import { Providers } from './providers';

/** The layout itself has failed: this page brings its own. */
export default function GlobalError(props: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <html lang={LOCALE} {...mantineHtmlProps}>
      <body>
        <Providers nonce="">
          <ErrorCard {...props} />
        </Providers>
      </body>
    </html>
  );
}
