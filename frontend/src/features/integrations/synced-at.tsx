import { useNow, useTranslations } from 'next-intl';
import { useFormats } from '@/lib/formats';

/** When an integration last exchanged anything. */
export function SyncedAt({ at }: { at: string | null }) {
  const t = useTranslations('dashboard.integrations');
  const formats = useFormats();
  const now = useNow();
  if (at === null) return t('neverSynced');
  return (
    <time dateTime={at} title={formats.instant(at)}>
      {t('synced', { ago: formats.ago(at, now) })}
    </time>
  );
}
