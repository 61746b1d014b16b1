'use client';

import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { Spotlight, type SpotlightActionGroupData, spotlight } from '@mantine/spotlight';
import { IconLogout, IconMoon, IconRobot, IconSearch, IconSun, IconUserCog } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useEffect } from 'react';
import { tenantAgentsOptions } from '@/api/generated/@tanstack/react-query.gen';
import { useMay } from '@/lib/identity';
import { useNeedsTenant, useTenantHref, useTenantQuery } from '@/lib/tenant';
import { fold } from '@/lib/text';
import { useDestinations } from './navigation';
import { useSignOut } from './sign-out';

/** Goes anywhere by a few letters; opens whenever `asked` changes. */
export function Palette({ asked }: { asked: number }) {
  const t = useTranslations('shell');
  const router = useRouter();
  const signOut = useSignOut();
  const href = useTenantHref();
  const destinations = useDestinations();
  const may = useMay('tenantAgents');
  const needsTenant = useNeedsTenant();
  const agents = useQuery({
    ...tenantAgentsOptions({ query: { status: 'all', ...useTenantQuery() } }),
    enabled: may && !needsTenant,
  });
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark';

  // biome-ignore lint/correctness/useExhaustiveDependencies: each time it is asked for, it opens
  useEffect(() => spotlight.open(), [asked]);

  const groups: SpotlightActionGroupData[] = [
    {
      group: t('palette.pages'),
      actions: destinations.map(({ key, href: target, icon: Icon }) => ({
        id: key,
        label: t(`pages.${key}`),
        leftSection: <Icon size={18} stroke={1.7} />,
        onClick: () => router.push(target),
      })),
    },
    {
      group: t('palette.agents'),
      actions: (agents.data?.agents ?? []).map((agent) => ({
        id: agent.id,
        label: agent.name,
        description: agent.segment ?? undefined,
        leftSection: <IconRobot size={18} stroke={1.7} />,
        onClick: () => router.push(href('/app/dashboard/usage', { agent_id: agent.id })),
      })),
    },
    {
      group: t('palette.actions'),
      actions: [
        {
          id: 'scheme',
          label: t(dark ? 'colorScheme.light' : 'colorScheme.dark'),
          leftSection: dark ? <IconSun size={18} /> : <IconMoon size={18} />,
          onClick: () => setColorScheme(dark ? 'light' : 'dark'),
        },
        {
          id: 'account',
          label: t('user.account'),
          leftSection: <IconUserCog size={18} />,
          onClick: () => router.push('/app/account'),
        },
        {
          id: 'sign-out',
          label: t('user.signOut'),
          leftSection: <IconLogout size={18} />,
          onClick: signOut,
        },
      ],
    },
  ];

  return (
    <Spotlight
      actions={groups.filter((group) => group.actions.length > 0)}
      shortcut={null}
      filter={(query, actions) => {
        const wanted = fold(query);
        return actions
          .map((entry) => ({
            ...entry,
            actions: 'actions' in entry ? entry.actions.filter(({ label }) => fold(label ?? '').includes(wanted)) : [],
          }))
          .filter((entry) => entry.actions.length > 0) as SpotlightActionGroupData[];
      }}
      nothingFound={t('palette.nothing')}
      highlightQuery
      scrollable
      maxHeight={420}
      searchProps={{
        leftSection: <IconSearch size={18} aria-hidden />,
        placeholder: t('palette.placeholder'),
        'aria-label': t('palette.placeholder'),
      }}
      attributes={{ content: { 'aria-label': t('palette.open') } }}
    />
  );
}
