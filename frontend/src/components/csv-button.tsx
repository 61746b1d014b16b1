'use client';

import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { downloadCsv } from '@/api/csv';
import { useErrorDialog } from './error-dialog';

interface CsvButtonProps {
  /** Of the API, without `/api`. */
  path: string;
  query: Record<string, unknown>;
  /** Of the file, without its ending. */
  name: string;
}

export function CsvButton({ path, query, name }: CsvButtonProps) {
  const t = useTranslations('shell.csv');
  const showError = useErrorDialog();
  const download = useMutation({
    mutationFn: () => downloadCsv(path, query, name),
    onSuccess: async ({ truncated }) => {
      const { notifications } = await import('@mantine/notifications');
      notifications.show({
        color: truncated ? 'yellow' : 'green',
        message: t(truncated ? 'truncated' : 'done', { name: `${name}.csv` }),
      });
    },
    onError: (error) => showError(t('failed'), error),
  });
  return (
    <Button
      variant="default"
      leftSection={<IconDownload size={16} aria-hidden />}
      onClick={() => download.mutate()}
      loading={download.isPending}
    >
      {t('download')}
    </Button>
  );
}
