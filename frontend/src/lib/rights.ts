import { allowedGroups, type Group, type Operation } from '@/api/generated/rights.gen';

export type { Group, Operation };

export const GROUPS = [
  'INTERNAL_ADMIN',
  'INTERNAL_SUPPORT',
  'TENANT_ADMIN',
  'TENANT_USER',
] as const satisfies readonly Group[];

export interface Identity {
  sub: string;
  groups: readonly Group[];
  /** The tenant that the person belongs to; null for the internal team. */
  tenantId: string | null;
}

export function isGroup(value: string): value is Group {
  return (GROUPS as readonly string[]).includes(value);
}

/** Rights are the union of the groups. */
export function may(groups: readonly Group[], operation: Operation): boolean {
  return groups.some((group) => (allowedGroups[operation] as readonly Group[]).includes(group));
}

export function isInternal(groups: readonly Group[]): boolean {
  return groups.includes('INTERNAL_ADMIN') || groups.includes('INTERNAL_SUPPORT');
}
