'use client';

import { ModalsProvider } from '@mantine/modals';
import { Notifications } from '@mantine/notifications';
import { useTranslations } from 'next-intl';

/** Toasts and dialogs. */
export function Overlays() {
  const t = useTranslations('shell.errorDialog');
  return (
    <>
      <Notifications position="bottom-right" />
      <ModalsProvider
        modalProps={{
          closeButtonProps: { 'aria-label': t('close') },
          // The kit makes it a `header`, which in a dialog would be another of the page.
          attributes: { header: { role: 'presentation' } },
        }}
      >
        {null}
      </ModalsProvider>
    </>
  );
}
