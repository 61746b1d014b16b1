import { renderHook } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import type { Group } from '@/lib/rights';
import { panel } from '@/testing/panel';

const identity = { sub: 's', groups: [] as Group[], tenantId: null };
vi.mock('@/lib/identity', () => ({ useIdentity: () => identity }));
const { useDestinations } = await import('./navigation');

function destinations(groups: Group[], search = '') {
  identity.groups = groups;
  return renderHook(useDestinations, { wrapper: panel({ search }) }).result.current;
}

const TENANT = ['overview', 'agents', 'fibonacci', 'integrations', 'usage', 'support'];
const INTERNAL = ['company', 'tenants', 'companyAgents', 'companyIntegrations', 'incidents', 'operations'];
const WITHOUT_INTEGRATIONS = TENANT.filter((key) => key !== 'integrations');

describe('useDestinations', () => {
  it.each<[Group, string[]]>([
    ['INTERNAL_ADMIN', [...INTERNAL, 'billing', 'audit', ...TENANT]],
    ['INTERNAL_SUPPORT', [...INTERNAL, ...TENANT]],
    ['TENANT_ADMIN', TENANT],
    ['TENANT_USER', WITHOUT_INTEGRATIONS],
  ])('leads %s to what they may see, and nowhere else', (group, keys) => {
    expect(destinations([group], '?tenant_id=t1').map(({ key }) => key)).toEqual(keys);
  });

  it('leads nobody anywhere', () => {
    expect(destinations([])).toEqual([]);
  });

  it('leads the internal team to no page of a tenant before one is chosen', () => {
    expect(destinations(['INTERNAL_SUPPORT']).map(({ key }) => key)).toEqual(INTERNAL);
  });

  it('stays with the tenant that is shown, but for the pages of the internal team', () => {
    const shown = destinations(['INTERNAL_ADMIN'], '?tenant_id=t1&period=7d');
    for (const { path, href, side } of shown) expect(href).toBe(side === 'internal' ? path : `${path}?tenant_id=t1`);
  });
});
