import type { Operation } from '@/api/generated/rights.gen';

export interface PageRule {
  path: string;
  /** What the page can't do without: who may call it may see the page, and every page below it. */
  needs: Operation;
}

/** Who sees which page, for the proxy and for the navigation. The longest path that fits an address counts. */
export const PAGE_RULES = {
  company: { path: '/app/company', needs: 'usageOverview' },
  tenants: { path: '/app/company/tenants', needs: 'internalTenants' },
  companyAgents: { path: '/app/company/agents', needs: 'internalAgents' },
  companyIntegrations: { path: '/app/company/integrations', needs: 'internalIntegrations' },
  incidents: { path: '/app/company/incidents', needs: 'internalIncidents' },
  operations: { path: '/app/company/operations', needs: 'commands' },
  billing: { path: '/app/company/billing', needs: 'billingOverview' },
  audit: { path: '/app/company/audit', needs: 'internalAudit' },
  overview: { path: '/app/dashboard', needs: 'tenantMe' },
  agents: { path: '/app/dashboard/agents', needs: 'tenantAgents' },
  fibonacci: { path: '/app/dashboard/fibonacci', needs: 'tenantAgents' },
  integrations: { path: '/app/dashboard/integrations', needs: 'tenantIntegrations' },
  usage: { path: '/app/dashboard/usage', needs: 'tenantUsage' },
  support: { path: '/app/dashboard/support', needs: 'tenantIncidents' },
} as const satisfies Record<string, PageRule>;

/** Those that no navigation lists. */
const UNLISTED: readonly PageRule[] = [{ path: '/app/guide/interno', needs: 'internalTenants' }];

export type PageKey = keyof typeof PAGE_RULES;

/** The page that an address belongs to, or undefined where no right is needed. */
export function ruleOf(path: string): PageRule | undefined {
  return [...Object.values<PageRule>(PAGE_RULES), ...UNLISTED]
    .filter((rule) => path === rule.path || path.startsWith(`${rule.path}/`))
    .sort((a, b) => b.path.length - a.path.length)[0];
}

/** The two audiences; each has pages of its own. */
export type Side = 'internal' | 'tenant';

export function sideOf(path: string): Side {
  return path === PAGE_RULES.company.path || path.startsWith(`${PAGE_RULES.company.path}/`) ? 'internal' : 'tenant';
}
