import { Group, Text } from '@mantine/core';
import { useTranslations } from 'next-intl';
import { useFormats } from '@/lib/formats';

export function ShareCard({ name, tenants, mrr }: { name: string; tenants: number; mrr: number }) {
  const t = useTranslations('company.billing.summary');
  const formats = useFormats();
  return (
    <Group justify="space-between" wrap="nowrap">
      <div>
        <Text size="sm" fw={550}>
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          {t('tenants', { count: tenants })}
        </Text>
      </div>
      <Text size="sm">{formats.money(mrr)}</Text>
    </Group>
  );
}
