import { useTranslations } from 'next-intl';
import type { Command } from '@/api/generated';
import { ToneLabel } from '@/components/status-badge';
import { STATUS_TONE } from './command';

export function CommandStatus({ status }: { status: Command['status'] }) {
  const t = useTranslations('company.operations.statuses');
  return <ToneLabel tone={STATUS_TONE[status]}>{t(status)}</ToneLabel>;
}
