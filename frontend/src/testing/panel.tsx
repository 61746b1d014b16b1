import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { NextIntlClientProvider } from 'next-intl';
import { NuqsTestingAdapter, type OnUrlUpdateFunction } from 'nuqs/adapters/testing';
import type { ReactNode } from 'react';
import { formats, LOCALE, messages, TIME_ZONE } from '@/i18n/catalogue';

interface PanelOptions {
  /** The query of the address. */
  search?: string;
  onSearch?: OnUrlUpdateFunction;
  client?: QueryClient;
  now?: Date;
}

/** A wrapper for Testing Library: what surrounds every component of the panel. */
export function panel({ search = '', onSearch, client = new QueryClient(), now }: PanelOptions = {}) {
  return function Panel({ children }: { children: ReactNode }) {
    return (
      <NuqsTestingAdapter searchParams={search} onUrlUpdate={onSearch} hasMemory>
        <NextIntlClientProvider locale={LOCALE} messages={messages} formats={formats} timeZone={TIME_ZONE} now={now}>
          <MantineProvider env="test">
            <QueryClientProvider client={client}>{children}</QueryClientProvider>
          </MantineProvider>
        </NextIntlClientProvider>
      </NuqsTestingAdapter>
    );
  };
}
