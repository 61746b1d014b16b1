import {
  IconActivity,
  IconBuildingCommunity,
  IconChartHistogram,
  IconLifebuoy,
  IconPlug,
  IconRobot,
  IconSpiral,
} from '@tabler/icons-react';
import type { Operation } from '@/api/generated/rights.gen';
import { useIdentity } from '@/lib/identity';
import { may } from '@/lib/rights';
import { useTenantHref } from '@/lib/tenant';

export type Side = 'tenant' | 'internal';

export interface Page {
  /** Of its title in the catalogue. */
  key: 'overview' | 'agents' | 'fibonacci' | 'integrations' | 'usage' | 'support' | 'company';
  path: string;
  side: Side;
  icon: typeof IconActivity;
  /** What it can't do without. */
  needs: Operation;
}

/** Every page of the panel that has a place in the navigation. */
export const PAGES: readonly Page[] = [
  { key: 'company', path: '/app/company', side: 'internal', icon: IconBuildingCommunity, needs: 'internalTenants' },
  { key: 'overview', path: '/app/dashboard', side: 'tenant', icon: IconActivity, needs: 'tenantMe' },
  { key: 'agents', path: '/app/dashboard/agents', side: 'tenant', icon: IconRobot, needs: 'tenantAgents' },
  { key: 'fibonacci', path: '/app/dashboard/fibonacci', side: 'tenant', icon: IconSpiral, needs: 'tenantAgents' },
  {
    key: 'integrations',
    path: '/app/dashboard/integrations',
    side: 'tenant',
    icon: IconPlug,
    needs: 'tenantIntegrations',
  },
  { key: 'usage', path: '/app/dashboard/usage', side: 'tenant', icon: IconChartHistogram, needs: 'tenantUsage' },
  { key: 'support', path: '/app/dashboard/support', side: 'tenant', icon: IconLifebuoy, needs: 'tenantIncidents' },
];

export interface Destination extends Page {
  href: string;
}

/** Where the caller may go; pages of a tenant stay with the tenant that is shown. */
export function useDestinations(): Destination[] {
  const { groups } = useIdentity();
  const href = useTenantHref();
  return PAGES.filter((page) => may(groups, page.needs)).map((page) => ({
    ...page,
    href: page.side === 'tenant' ? href(page.path) : page.path,
  }));
}
