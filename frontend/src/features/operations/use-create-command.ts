'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useRef } from 'react';
import { createCommand, type NewCommand } from '@/api/generated';
import { commandsQueryKey } from '@/api/generated/@tanstack/react-query.gen';
import { useErrorDialog } from '@/components/error-dialog';

/** Sends a command; sent again because no answer came, it is still one command. */
export function useCreateCommand(onCreated: (id: string) => void) {
  const t = useTranslations('company.operations');
  const client = useQueryClient();
  const showError = useErrorDialog();
  const attempt = useRef<{ command: string; key: string } | null>(null);
  return useMutation({
    mutationFn: async (command: NewCommand) => {
      const written = JSON.stringify(command);
      if (attempt.current?.command !== written) attempt.current = { command: written, key: crypto.randomUUID() };
      const headers = { 'Idempotency-Key': attempt.current.key };
      return (await createCommand({ body: command, headers, throwOnError: true })).data;
    },
    onSuccess: async ({ command_id }) => {
      attempt.current = null;
      onCreated(command_id);
      await client.invalidateQueries({ queryKey: [{ _id: commandsQueryKey()[0]._id }] });
    },
    onError: (error) => showError(t('failed'), error),
  });
}
