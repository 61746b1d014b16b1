import { Text } from '@mantine/core';
import { useTranslations } from 'next-intl';
import type { TenantIncident } from '@/api/generated';
import { ToneLabel } from '@/components/status-badge';

/** What went wrong, and what is known of it. */
export function IncidentText({ incident }: { incident: TenantIncident }) {
  return (
    <div>
      <Text size="sm" fw={550}>
        {incident.title}
      </Text>
      {incident.description && (
        <Text size="xs" c="dimmed" style={{ whiteSpace: 'normal' }}>
          {incident.description}
        </Text>
      )}
    </div>
  );
}

/** Whether it is over. */
export function IncidentState({ incident }: { incident: TenantIncident }) {
  const t = useTranslations('dashboard.incidents');
  return incident.resolved_at ? (
    <ToneLabel tone="good">{t('stateResolved')}</ToneLabel>
  ) : (
    <ToneLabel tone="bad">{t('stateOpen')}</ToneLabel>
  );
}
