'use client';

import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Spotlight, type SpotlightActionData, spotlight } from '@mantine/spotlight';
import {
  IconBuildingCommunity,
  IconLogout,
  IconMoon,
  IconRobot,
  IconSearch,
  IconSun,
  IconTerminal2,
  IconUserCog,
} from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useEffect, useState } from 'react';
import { internalTenantsOptions, tenantAgentsOptions } from '@/api/generated/@tanstack/react-query.gen';
import { COMMAND_TYPES } from '@/features/operations/prefill';
import { useMay } from '@/lib/identity';
import { PAGE_RULES } from '@/lib/pages';
import { useNeedsTenant, useTenantHref, useTenantQuery } from '@/lib/tenant';
import { fold } from '@/lib/text';
import { useDestinations } from './navigation';
import { useSignOut } from './sign-out';

const TYPING = 250;
const TENANTS = 8;

/** Goes anywhere by a few letters; opens whenever `asked` changes. */
export function Palette({ asked }: { asked: number }) {
  const t = useTranslations('shell');
  const [query, setQuery] = useState('');
  const actions = useActions(query);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each time it is asked for, it opens
  useEffect(() => spotlight.open(), [asked]);

  return (
    <Spotlight
      actions={actions}
      query={query}
      onQueryChange={setQuery}
      shortcut={null}
      // They are chosen already, some of them by the API.
      filter={(_, chosen) => chosen}
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

function useActions(query: string) {
  const t = useTranslations('shell');
  const matches = (action: SpotlightActionData) => fold(action.label ?? '').includes(fold(query));
  return [
    { group: t('palette.pages'), actions: usePages().filter(matches) },
    { group: t('palette.tenants'), actions: useTenants(query) },
    { group: t('palette.commands'), actions: useCommands().filter(matches) },
    { group: t('palette.agents'), actions: useAgents().filter(matches) },
    { group: t('palette.actions'), actions: useOwn().filter(matches) },
  ].filter(({ actions }) => actions.length > 0);
}

function usePages(): SpotlightActionData[] {
  const t = useTranslations('shell');
  const router = useRouter();
  const destinations = useDestinations();
  const bothSides = new Set(destinations.map(({ side }) => side)).size > 1;
  return destinations.map(({ key, side, href, icon: Icon }) => ({
    id: key,
    label: t(`pages.${key}`),
    description: bothSides ? t(`palette.sides.${side}`) : undefined,
    leftSection: <Icon size={18} stroke={1.7} />,
    onClick: () => router.push(href),
  }));
}

/** Tenants by name or CNPJ, as the API finds them. */
function useTenants(query: string): SpotlightActionData[] {
  const router = useRouter();
  const may = useMay('internalTenants');
  const [search] = useDebouncedValue(query.trim(), TYPING);
  const asked = may && search !== '';
  const tenants = useQuery({
    ...internalTenantsOptions({ query: { status: 'all', search, limit: TENANTS } }),
    enabled: asked,
    placeholderData: keepPreviousData,
  });
  if (!asked || query.trim() === '') return [];
  return (tenants.data?.tenants ?? []).map((tenant) => ({
    id: tenant.id,
    label: tenant.name,
    description: tenant.cnpj,
    leftSection: <IconBuildingCommunity size={18} stroke={1.7} />,
    onClick: () => router.push(`${PAGE_RULES.tenants.path}/${tenant.id}`),
  }));
}

function useCommands(): SpotlightActionData[] {
  const t = useTranslations('shell.commandTypes');
  const router = useRouter();
  const may = useMay('createCommand');
  if (!may) return [];
  return COMMAND_TYPES.map((type) => ({
    id: type,
    label: t(type),
    leftSection: <IconTerminal2 size={18} stroke={1.7} />,
    onClick: () => router.push(`${PAGE_RULES.operations.path}?type=${type}`),
  }));
}

/** Those of the tenant that is shown. */
function useAgents(): SpotlightActionData[] {
  const router = useRouter();
  const href = useTenantHref();
  const may = useMay('tenantAgents');
  const needsTenant = useNeedsTenant();
  const agents = useQuery({
    ...tenantAgentsOptions({ query: { status: 'all', ...useTenantQuery() } }),
    enabled: may && !needsTenant,
  });
  return (agents.data?.agents ?? []).map((agent) => ({
    id: agent.id,
    label: agent.name,
    description: agent.segment ?? undefined,
    leftSection: <IconRobot size={18} stroke={1.7} />,
    onClick: () => router.push(href('/app/dashboard/usage', { agent_id: agent.id })),
  }));
}

/** What belongs to no page. */
function useOwn(): SpotlightActionData[] {
  const t = useTranslations('shell');
  const router = useRouter();
  const signOut = useSignOut();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark';
  return [
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
  ];
}
