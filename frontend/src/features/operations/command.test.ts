import { describe, expect, test } from 'vitest';
import {
  type CommandValues,
  DEFAULT_MESSAGES,
  hasEnded,
  isDisruptive,
  missing,
  readOutput,
  toCommand,
} from './command';
import { COMMAND_TYPES } from './prefill';

const FULL: CommandValues = {
  type: 'HEALTH_CHECK',
  tenant: 't',
  agent: 'a',
  integration: 'i',
  queue: 'q',
  maxMessages: DEFAULT_MESSAGES,
  checks: ['database'],
};
const NOTHING: CommandValues = { ...FULL, tenant: null, agent: null, integration: null, queue: null, checks: [] };

describe('a command that is made of a form', () => {
  test.each([
    ['REPROCESS_QUEUE', { parameters: { queue: 'q', max_messages: 1000 } }],
    ['RESET_TOKEN', { parameters: { integration_id: 'i' }, tenant_id: 't' }],
    ['RESTART_AGENT', { parameters: { agent_id: 'a' }, tenant_id: 't' }],
    ['HEALTH_CHECK', { parameters: { checks: ['database'] }, tenant_id: 't' }],
  ] as const)('%s carries its own fields and no other', (type, rest) => {
    expect(toCommand({ ...FULL, type })).toEqual({ command_type: type, ...rest });
    expect(missing({ ...FULL, type })).toEqual([]);
  });

  test.each([
    ['REPROCESS_QUEUE', ['queue']],
    ['RESET_TOKEN', ['tenant', 'integration']],
    ['RESTART_AGENT', ['tenant', 'agent']],
    ['HEALTH_CHECK', []],
  ] as const)('%s says what is missing', (type, fields) => {
    expect(missing({ ...NOTHING, type })).toEqual(fields);
  });

  test('a health check without anything asks for all checks, of the platform', () => {
    expect(toCommand(NOTHING)).toEqual({ command_type: 'HEALTH_CHECK', parameters: {} });
  });

  test.each([0, -1, 1.5, 10_001, '', 'x'])('%s is no number of messages', (maxMessages) => {
    expect(missing({ ...FULL, type: 'REPROCESS_QUEUE', maxMessages })).toEqual(['maxMessages']);
  });

  test.each([1, 10_000, '500'])('%s is one', (maxMessages) => {
    expect(missing({ ...FULL, type: 'REPROCESS_QUEUE', maxMessages })).toEqual([]);
  });
});

test('only a health check is sent without being asked twice', () => {
  expect(COMMAND_TYPES.filter((type) => !isDisruptive(type))).toEqual(['HEALTH_CHECK']);
});

test.each([
  ['PENDING', false],
  ['RUNNING', false],
  ['SUCCESS', true],
  ['ERROR', true],
] as const)('%s: ended %s', (status, ended) => {
  expect(hasEnded(status)).toBe(ended);
});

test.each([
  [null, null],
  ['{"moved":3}', { moved: 3 }],
  ['[1]', '[1]'],
  ['plain', 'plain'],
])('the output %s is read as %j', (output, read) => {
  expect(readOutput(output)).toEqual(read);
});
