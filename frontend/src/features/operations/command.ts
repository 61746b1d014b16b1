import type { Command, NewCommand } from '@/api/generated';
import type { Tone } from '@/components/status-badge';
import type { CommandType } from './prefill';

/** Those that somebody may notice; they are confirmed first. */
const DISRUPTIVE: readonly CommandType[] = ['REPROCESS_QUEUE', 'RESET_TOKEN', 'RESTART_AGENT'];

export const isDisruptive = (type: CommandType) => DISRUPTIVE.includes(type);

export const STATUSES = ['PENDING', 'RUNNING', 'SUCCESS', 'ERROR'] as const;

export const STATUS_TONE: Record<Command['status'], Tone> = {
  PENDING: 'idle',
  RUNNING: 'info',
  SUCCESS: 'good',
  ERROR: 'bad',
};

/** Whether nothing more will happen to it. */
export function hasEnded(status: Command['status'] | undefined): boolean {
  return status === 'SUCCESS' || status === 'ERROR';
}

export const MAX_MESSAGES = 10_000;
export const DEFAULT_MESSAGES = 1000;

/** What the form holds; which of it counts follows from the type. */
export interface CommandValues {
  type: CommandType;
  tenant: string | null;
  agent: string | null;
  integration: string | null;
  queue: string | null;
  maxMessages: number | string;
  checks: string[];
}

export type MissingField = 'tenant' | 'agent' | 'integration' | 'queue' | 'maxMessages';

/** Which fields a type has. */
export const FIELDS: Record<CommandType, readonly (keyof CommandValues)[]> = {
  REPROCESS_QUEUE: ['queue', 'maxMessages'],
  RESET_TOKEN: ['tenant', 'integration'],
  RESTART_AGENT: ['tenant', 'agent'],
  HEALTH_CHECK: ['tenant', 'checks'],
};

/** What has to be filled in before the command can be sent. */
export function missing(values: CommandValues): MissingField[] {
  const required: Record<CommandType, MissingField[]> = {
    REPROCESS_QUEUE: ['queue'],
    RESET_TOKEN: ['tenant', 'integration'],
    RESTART_AGENT: ['tenant', 'agent'],
    HEALTH_CHECK: [],
  };
  const fields = required[values.type].filter((field) => !values[field]);
  const count = Number(values.maxMessages);
  const counts = Number.isInteger(count) && count >= 1 && count <= MAX_MESSAGES;
  return values.type === 'REPROCESS_QUEUE' && !counts ? [...fields, 'maxMessages'] : fields;
}

/** What is sent of a form without anything missing. */
export function toCommand(values: CommandValues): NewCommand {
  const tenant = values.tenant ? { tenant_id: values.tenant } : {};
  switch (values.type) {
    case 'REPROCESS_QUEUE':
      return {
        command_type: values.type,
        parameters: { queue: values.queue, max_messages: Number(values.maxMessages) },
      };
    case 'RESET_TOKEN':
      return { command_type: values.type, parameters: { integration_id: values.integration }, ...tenant };
    case 'RESTART_AGENT':
      return { command_type: values.type, parameters: { agent_id: values.agent }, ...tenant };
    case 'HEALTH_CHECK':
      return {
        command_type: values.type,
        parameters: values.checks.length > 0 ? { checks: values.checks } : {},
        ...tenant,
      };
  }
}

/** The output of a command as an object, or as it is if it isn't one. */
export function readOutput(output: string | null): Record<string, unknown> | string | null {
  if (output === null) return null;
  try {
    const parsed: unknown = JSON.parse(output);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : output;
  } catch {
    return output;
  }
}
