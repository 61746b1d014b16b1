import { describe, expect, it } from 'vitest';
import { allowedGroups } from '@/api/generated/rights.gen';
import { GROUPS, isGroup, isInternal, may, type Operation } from './rights';

const OPERATIONS = Object.keys(allowedGroups) as Operation[];

describe('rights', () => {
  it('are those of the API document, for every group and operation', () => {
    for (const operation of OPERATIONS) {
      const allowed = GROUPS.filter((group) => may([group], operation));
      expect(allowed.sort()).toEqual([...allowedGroups[operation]].sort());
    }
  });

  it('of somebody in several groups are the union; of somebody in none, none', () => {
    for (const operation of OPERATIONS) {
      expect(may([], operation)).toBe(false);
      expect(may(['TENANT_USER', 'INTERNAL_SUPPORT'], operation)).toBe(
        may(['TENANT_USER'], operation) || may(['INTERNAL_SUPPORT'], operation),
      );
    }
  });

  it('tell the internal team from tenants', () => {
    expect(GROUPS.filter((group) => isInternal([group]))).toEqual(['INTERNAL_ADMIN', 'INTERNAL_SUPPORT']);
    expect(isInternal([])).toBe(false);
  });

  it('know their groups, and nothing that only looks like one', () => {
    expect(GROUPS.every(isGroup)).toBe(true);
    expect(['internal_admin', 'toString', ''].some(isGroup)).toBe(false);
  });
});
