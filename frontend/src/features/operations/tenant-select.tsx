'use client';

import { Skeleton } from '@mantine/core';
import dynamic from 'next/dynamic';
import type { TenantSelectProps } from './tenant-select-field';

/** Fetched while the page shows what needs no choice. */
export const TenantSelect = dynamic<TenantSelectProps>(
  () => import('./tenant-select-field').then((field) => field.TenantSelectField),
  { ssr: false, loading: () => <Skeleton width={300} height={61} /> },
);
