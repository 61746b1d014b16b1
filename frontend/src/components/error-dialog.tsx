'use client';

import { Stack, Text } from '@mantine/core';
import { useTranslations } from 'next-intl';
import { toApiError } from '@/api/problem';
import { RequestId } from './states/states';

/** Tells of something that was asked for and didn't happen. */
export function useErrorDialog() {
  const t = useTranslations('shell.errorDialog');
  return async (title: string, error: unknown) => {
    const { modals } = await import('@mantine/modals');
    const failure = toApiError(error, undefined);
    const text = failure.status === 429 ? 'limited' : failure.status === 403 ? 'noPermission' : 'text';
    modals.open({
      title,
      children: (
        <Stack gap="sm">
          <Text size="sm">{t(text)}</Text>
          <RequestId error={failure} />
        </Stack>
      ),
    });
  };
}
