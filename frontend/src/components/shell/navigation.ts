import {
  IconActivity,
  IconBuildingCommunity,
  IconChartHistogram,
  IconLifebuoy,
  IconPlug,
  IconRobot,
  IconSpiral,
} from '@tabler/icons-react';
import { useIdentity } from '@/lib/identity';
import { PAGE_RULES, type PageKey } from '@/lib/pages';
import { may } from '@/lib/rights';
import { useTenantHref } from '@/lib/tenant';

const ICONS: Record<PageKey, typeof IconActivity> = {
  company: IconBuildingCommunity,
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
}

/** Where the caller may go. */
export function useDestinations(): Destination[] {
  const { groups } = useIdentity();
  const href = useTenantHref();
  return (Object.keys(PAGE_RULES) as PageKey[])
    .filter((key) => may(groups, PAGE_RULES[key].needs))
    .map((key) => {
      const { path } = PAGE_RULES[key];
      return { key, path, href: path.startsWith('/app/dashboard') ? href(path) : path, icon: ICONS[key] };
    });
}
