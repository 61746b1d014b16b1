'use client';

import { SegmentedControl } from '@mantine/core';
import { useTranslations } from 'next-intl';
import { daysOf, PERIODS, type Period, usePeriod } from '@/lib/period';

/** Which days the page describes; today is one of them. */
export function PeriodPicker() {
  const t = useTranslations('shell.period');
  const [period, setPeriod] = usePeriod();
  return (
    <SegmentedControl
      aria-label={t('label')}
      value={period}
      onChange={(value) => void setPeriod(value as Period)}
      data={PERIODS.map((value) => ({ value, label: t('days', { days: daysOf(value) }) }))}
    />
  );
}
