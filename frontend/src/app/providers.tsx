'use client';

import { MantineProvider } from '@mantine/core';
import { NavigationProgress } from '@mantine/nprogress';
import dynamic from 'next/dynamic';
import { NextIntlClientProvider } from 'next-intl';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import type { ReactNode } from 'react';
import { formats, LOCALE, messages, TIME_ZONE } from '@/i18n/catalogue';
import { cssVariablesResolver, theme } from '@/theme/theme';

/** What may come over a page isn't needed to show it. */
const Overlays = dynamic(() => import('@/components/overlays').then((overlays) => overlays.Overlays), { ssr: false });

export function Providers({ nonce, children }: { nonce: string; children: ReactNode }) {
  return (
    <NextIntlClientProvider locale={LOCALE} timeZone={TIME_ZONE} messages={messages} formats={formats}>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={cssVariablesResolver}
        defaultColorScheme="auto"
        getStyleNonce={() => nonce}
      >
        <NuqsAdapter>
          {/* Decoration: who doesn't see it is told of the new page by its title. */}
          <NavigationProgress aria-hidden />
          {children}
          <Overlays />
        </NuqsAdapter>
      </MantineProvider>
    </NextIntlClientProvider>
  );
}
