import type { NewCommand } from '@/api/generated';
import { PAGE_RULES } from '@/lib/pages';

export const COMMAND_TYPES = ['REPROCESS_QUEUE', 'RESET_TOKEN', 'RESTART_AGENT', 'HEALTH_CHECK'] as const;
export type CommandType = NewCommand['command_type'];

/** A filled form, to be looked at and sent. */
function formHref(type: CommandType, query: Record<string, string>): string {
  return `${PAGE_RULES.operations.path}?${new URLSearchParams({ type, ...query })}`;
}

export const restartHref = (tenant: string, agent: string) => formHref('RESTART_AGENT', { tenant, agent });
export const resetHref = (tenant: string, integration: string) => formHref('RESET_TOKEN', { tenant, integration });
