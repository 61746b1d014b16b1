/** Kinds of audit rows. */
export const TYPES = [
  'command_created',
  'command_started',
  'command_executed',
  'tenant_created',
  'tenant_changed',
  'tenant_data_read',
  'access_denied',
] as const;
export type AuditType = (typeof TYPES)[number];
