/** What an integration may be. */
export const STATUSES = ['active', 'inactive', 'error'] as const;
