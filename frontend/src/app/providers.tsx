'use client';

import { MantineProvider } from '@mantine/core';
import { ModalsProvider } from '@mantine/modals';
import { Notifications } from '@mantine/notifications';
import { NavigationProgress } from '@mantine/nprogress';
import { NextIntlClientProvider } from 'next-intl';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import type { ReactNode } from 'react';
import { formats, LOCALE, messages, TIME_ZONE } from '@/i18n/catalogue';
import { cssVariablesResolver, theme } from '@/theme/theme';

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
          <ModalsProvider>
            <NavigationProgress />
            <Notifications position="bottom-right" />
            {children}
          </ModalsProvider>
        </NuqsAdapter>
      </MantineProvider>
    </NextIntlClientProvider>
  );
}
