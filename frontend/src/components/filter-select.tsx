'use client';

import { Skeleton } from '@mantine/core';
import dynamic from 'next/dynamic';
import type { FilterSelectProps } from './filter-select-field';

/** Selects are heavy, and none of what a page shows at first waits for them. */
export const FilterSelect = dynamic<FilterSelectProps>(
  () => import('./filter-select-field').then((field) => field.FilterSelectField),
  { ssr: false, loading: () => <Skeleton width={190} height={61} /> },
);
