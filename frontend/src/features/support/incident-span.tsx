import { Text } from '@mantine/core';
import { useTranslations } from 'next-intl';
import type { TenantIncident } from '@/api/generated';
import { useFormats } from '@/lib/formats';

/** Since when, and until when, and whom it touched. */
export function IncidentSpan({ incident }: { incident: TenantIncident }) {
  const t = useTranslations('dashboard.incidents');
  const formats = useFormats();
  const from = formats.instant(incident.created_at);
  const span = incident.resolved_at
    ? t('resolved', { from, to: formats.instant(incident.resolved_at) })
    : t('open', { from });
  return (
    <Text size="xs" c="dimmed">
      {span} · {t(incident.scope === 'platform' ? 'platform' : 'tenant')}
    </Text>
  );
}
