import {
  IconActivity,
  IconAlertTriangle,
  IconBuildingCommunity,
  IconChartHistogram,
  IconCoin,
  IconGauge,
  IconHistory,
  IconLifebuoy,
  IconPlug,
  IconRobot,
  IconSpiral,
  IconTerminal2,
} from '@tabler/icons-react';
import { useIdentity } from '@/lib/identity';
import { PAGE_RULES, type PageKey, type Side, sideOf } from '@/lib/pages';
import { may } from '@/lib/rights';
import { useNeedsTenant, useTenantHref } from '@/lib/tenant';

const ICONS: Record<PageKey, typeof IconActivity> = {
  company: IconGauge,
  tenants: IconBuildingCommunity,
  companyAgents: IconRobot,
  companyIntegrations: IconPlug,
  incidents: IconAlertTriangle,
  operations: IconTerminal2,
  billing: IconCoin,
  audit: IconHistory,
  overview: IconActivity,
  agents: IconRobot,
  fibonacci: IconSpiral,
  integrations: IconPlug,
  usage: IconChartHistogram,
  support: IconLifebuoy,
};

export interface Destination {
  key: PageKey;
  path: string;
  /** Of a tenant's page, with the tenant that is shown. */
  href: string;
  icon: typeof IconActivity;
  side: Side;
}

/** Where the caller may go: the internal pages, and those of the tenant that is shown, if one is. */
export function useDestinations(): Destination[] {
  const { groups } = useIdentity();
  const href = useTenantHref();
  const noTenant = useNeedsTenant();
  return (Object.keys(PAGE_RULES) as PageKey[])
    .filter((key) => may(groups, PAGE_RULES[key].needs))
    .map((key) => {
      const { path } = PAGE_RULES[key];
      const side = sideOf(path);
      return { key, path, side, href: side === 'tenant' ? href(path) : path, icon: ICONS[key] };
    })
    .filter(({ side }) => side === 'internal' || !noTenant);
}
