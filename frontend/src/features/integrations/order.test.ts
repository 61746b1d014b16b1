import { describe, expect, it } from 'vitest';
import type { TenantIntegration } from '@/api/generated';
import { byUrgency } from './order';

describe('byUrgency', () => {
  it('puts what is broken first, then what rests, each by name', () => {
    const integrations = [
      ['b', 'active'],
      ['É', 'error'],
      ['a', 'active'],
      ['c', 'inactive'],
      ['d', 'error'],
    ].map(([name, status]) => ({ name, status }) as TenantIntegration);
    expect(byUrgency(integrations).map(({ name }) => name)).toEqual(['d', 'É', 'c', 'a', 'b']);
    expect(integrations[0]?.name).toBe('b');
  });
});
