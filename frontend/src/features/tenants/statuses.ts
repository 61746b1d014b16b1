/** What a tenant may be. */
export const STATUSES = ['active', 'inactive', 'suspended'] as const;
