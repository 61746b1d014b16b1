import { Modal } from '@mantine/core';
import { useTranslations } from 'next-intl';
import type { TenantRecord } from '@/api/generated';
import { TenantForm } from './tenant-form';

export interface Asked {
  title: string;
  /** What is to be changed; something new without. */
  seen?: { tenant: TenantRecord; etag: string };
}

interface TenantDialogProps extends Asked {
  opened: boolean;
  onClose: () => void;
}

export function TenantDialog({ title, seen, opened, onClose }: TenantDialogProps) {
  const t = useTranslations('shell.errorDialog');
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      closeButtonProps={{ 'aria-label': t('close') }}
      // The kit makes it a `header`, which in a dialog would be another of the page.
      attributes={{ header: { role: 'presentation' } }}
    >
      <TenantForm seen={seen} onDone={onClose} />
    </Modal>
  );
}
