import { Group, Text } from '@mantine/core';
import { IconAddressBook, IconBrandWhatsapp, IconCalendar, IconMail, IconPlug } from '@tabler/icons-react';
import { useTranslations } from 'next-intl';

const ICONS = {
  email: IconMail,
  whatsapp: IconBrandWhatsapp,
  crm: IconAddressBook,
  calendar: IconCalendar,
} as const;

/** What kind of service it is; kinds that the panel doesn't know yet keep their name. */
export function IntegrationType({ type }: { type: string }) {
  const t = useTranslations('dashboard.integrations.types');
  const known = type in ICONS ? (type as keyof typeof ICONS) : null;
  const Icon = known ? ICONS[known] : IconPlug;
  return (
    <Group gap={6} wrap="nowrap" component="span">
      <Icon size={18} stroke={1.7} aria-hidden />
      <Text size="sm" component="span">
        {known ? t(known) : type}
      </Text>
    </Group>
  );
}
