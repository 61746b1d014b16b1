'use client';

import { Alert, AppShell, Badge, Burger, Group, NavLink, Stack, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure, useHotkeys, useNetwork } from '@mantine/hooks';
import { IconArrowLeft, IconCloudOff, IconHelp } from '@tabler/icons-react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { type ReactNode, useEffect, useRef } from 'react';
import { useIdentity } from '@/lib/identity';
import { ruleOf, type Side } from '@/lib/pages';
import { isInternal } from '@/lib/rights';
import { SideTheme } from '@/theme/side-theme';
import { Logo } from '../logo';
import { ColorSchemeToggle } from './color-scheme-toggle';
import { FetchProgress } from './fetch-progress';
import classes from './frame.module.css';
import { useDestinations } from './navigation';
import { PaletteButton } from './palette-button';
import { UserMenuButton } from './user-menu-button';

const MAIN = 'conteudo';

/** What surrounds every page of the panel. */
export function Frame({ side, banner, children }: { side: Side; banner?: ReactNode; children: ReactNode }) {
  return (
    <SideTheme side={side}>
      <Surroundings side={side} banner={banner}>
        {children}
      </Surroundings>
    </SideTheme>
  );
}

function Surroundings({ side, banner, children }: { side: Side; banner?: ReactNode; children: ReactNode }) {
  const t = useTranslations('shell');
  const path = usePathname();
  const [opened, { toggle, close }] = useDisclosure(false);
  const current = ruleOf(path)?.path;
  const { online } = useNetwork();
  const internal = isInternal(useIdentity().groups);
  const destinations = useDestinations().filter((destination) => destination.side === side);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a page was chosen, so the menu has done its work
  useEffect(close, [path, close]);

  const burger = useRef<HTMLButtonElement>(null);
  useHotkeys([
    [
      'Escape',
      () => {
        if (!opened) return;
        close();
        burger.current?.focus();
      },
      { preventDefault: false },
    ],
  ]);

  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 224, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <a href={`#${MAIN}`} className={classes.skip}>
        {t('skip')}
      </a>
      <FetchProgress />
      <AppShell.Header className={classes.header}>
        <Group h="100%" px={{ base: 'xs', sm: 'md' }} justify="space-between" wrap="nowrap" gap="xs">
          <Group gap="xs" wrap="nowrap">
            <Burger
              ref={burger}
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={t(opened ? 'menu.close' : 'menu.open')}
              aria-expanded={opened}
              aria-controls="navegacao"
            />
            <UnstyledButton component={Link} href={side === 'internal' ? '/app/company' : '/'} aria-label={t('home')}>
              <Logo short={side === 'internal'} />
            </UnstyledButton>
            {side === 'internal' && (
              <Badge className={classes.badge} variant="outline" color="var(--mantine-color-text)">
                {t('internalTeam')}
              </Badge>
            )}
          </Group>
          <Group gap={4} wrap="nowrap">
            <PaletteButton />
            <ColorSchemeToggle />
            <UserMenuButton />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar
        p="xs"
        id="navegacao"
        className={classes.navbar}
        mod={{ closed: !opened }}
        aria-label={t('menu.label')}
      >
        <Stack gap={2}>
          {internal && side === 'tenant' && (
            <NavLink
              component={Link}
              href="/app/company"
              label={t('toInternal')}
              leftSection={<IconArrowLeft size={18} stroke={1.7} aria-hidden />}
              className={classes.link}
            />
          )}
          {destinations.map(({ key, href, path: own, icon: Icon }) => (
            <NavLink
              key={key}
              component={Link}
              href={href}
              label={t(`pages.${key}`)}
              leftSection={<Icon size={18} stroke={1.7} aria-hidden />}
              active={current === own}
              aria-current={current === own ? 'page' : undefined}
              className={classes.link}
            />
          ))}
          <NavLink
            component={Link}
            href="/app/guide"
            label={t('help')}
            leftSection={<IconHelp size={18} stroke={1.7} aria-hidden />}
            active={path.startsWith('/app/guide')}
            className={classes.link}
          />
        </Stack>
      </AppShell.Navbar>
      <AppShell.Main id={MAIN} tabIndex={-1} className={classes.main}>
        <Stack gap="md" maw={1360} mx="auto">
          {!online && (
            <Alert color="yellow" variant="light" icon={<IconCloudOff />} role="status">
              <Text size="sm">{t('states.offline.banner')}</Text>
            </Alert>
          )}
          {banner}
          {children}
        </Stack>
      </AppShell.Main>
    </AppShell>
  );
}
