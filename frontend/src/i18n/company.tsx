'use client';

import { NextIntlClientProvider, useMessages } from 'next-intl';
import type { ReactNode } from 'react';
import company from '../../messages/pt-BR/company.json';

export const companyMessages = { company };

/** The messages of the internal pages, which nobody else has to fetch. */
export function CompanyMessages({ children }: { children: ReactNode }) {
  return (
    <NextIntlClientProvider messages={{ ...useMessages(), ...companyMessages }}>{children}</NextIntlClientProvider>
  );
}
