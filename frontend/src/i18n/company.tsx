'use client';

import { NextIntlClientProvider, useLocale, useMessages } from 'next-intl';
import type { ReactNode } from 'react';
import company from '../../messages/pt-BR/company.json';

export const companyMessages = { company };

/** The messages of the internal pages, which nobody else has to fetch. */
export function CompanyMessages({ children }: { children: ReactNode }) {
  return (
    // A provider that only the browser knows doesn't find the language itself.
    <NextIntlClientProvider locale={useLocale()} messages={{ ...useMessages(), ...companyMessages }}>
      {children}
    </NextIntlClientProvider>
  );
}
