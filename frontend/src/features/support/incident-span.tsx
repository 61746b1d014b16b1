import { Text } from '@mantine/core';
import { useTranslations } from 'next-intl';
import type { TenantIncident } from '@/api/generated';
import { useFormats } from '@/lib/formats';
import type { Side } from '@/lib/pages';

/** Since when, and until when, and whom it touched; on the internal side a tenant is named elsewhere. */
export function IncidentSpan({ incident, side = 'tenant' }: { incident: TenantIncident; side?: Side }) {
  const t = useTranslations('dashboard.incidents');
  const formats = useFormats();
  const from = formats.instant(incident.created_at);
  const span = incident.resolved_at
    ? t('resolved', { from, to: formats.instant(incident.resolved_at) })
    : t('open', { from });
  return (
    <Text size="xs" c="dimmed">
      {span}
      {incident.scope === 'platform' && ` · ${t('platform')}`}
      {incident.scope !== 'platform' && side === 'tenant' && ` · ${t('tenant')}`}
    </Text>
  );
}
