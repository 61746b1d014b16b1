import { describe, expect, it } from 'vitest';
import type { TenantAgent, UsageByAgent } from '@/api/generated';
import { Random } from '@/testing/random';
import { CRITICAL, HEALTHY, type Health, subnuclei } from './health';

const SEGMENTS = ['Vendas', 'Análise', 'Ética', 'atendimento', null];

function agent(id: string, segment: string | null, status = 'active'): TenantAgent {
  return { id, name: id, segment, status } as TenantAgent;
}

function used(agent_id: string | null, successful_requests: number, total_requests: number, p95 = 100): UsageByAgent {
  return {
    agent_id,
    agent_name: agent_id,
    total_requests,
    successful_requests,
    p95_response_time_ms: p95,
  } as UsageByAgent;
}

function made(random: Random) {
  const agents = random.list(25, (index) =>
    agent(`a${index}`, random.pick(SEGMENTS), random.pick(['active', 'active', 'inactive', 'suspended'])),
  );
  const usage = [...agents.filter(() => random.next() < 0.8).map(({ id }) => id), null, 'gone'].map((id) => {
    const total = random.pick([0, random.integer(1, 5000)]);
    return used(id, Math.round(total * (0.9 + random.next() / 10)), total, random.integer(1, 30_000));
  });
  return { agents, usage };
}

describe('subnuclei, whatever the agents and their use', () => {
  const cases = Array.from({ length: 200 }, (_, seed) => made(new Random(seed)));

  it('puts every agent into one group: that of its segment', () => {
    for (const { agents, usage } of cases) {
      const groups = subnuclei(agents, usage);
      const placed = groups.flatMap(({ segment, agents: members }) =>
        members.map(({ agent: { id } }) => `${id} ${segment}`),
      );
      expect(placed.sort()).toEqual(agents.map(({ id, segment }) => `${id} ${segment}`).sort());
      expect(groups.every(({ agents: members }) => members.length > 0)).toBe(true);
    }
  });

  it('names each segment once, in the order of the alphabet, agents without one last', () => {
    const collator = new Intl.Collator('pt-BR');
    for (const { agents, usage } of cases) {
      const segments = subnuclei(agents, usage).map(({ segment }) => segment);
      expect(new Set(segments).size).toBe(segments.length);
      expect(segments.slice(0, -1)).not.toContain(null);
      const named = segments.filter((segment) => segment !== null);
      expect(named).toEqual([...named].sort(collator.compare));
    }
  });

  it('computes rates from sums of counts of the active agents, not from rates', () => {
    for (const { agents, usage } of cases) {
      for (const group of subnuclei(agents, usage)) {
        const active = group.agents.filter(({ agent: { status } }) => status === 'active');
        const counts = usage.filter(({ agent_id }) => active.some(({ agent: { id } }) => id === agent_id));
        const total = counts.reduce((sum, entry) => sum + entry.total_requests, 0);
        const successful = counts.reduce((sum, entry) => sum + entry.successful_requests, 0);
        expect(group.active).toBe(active.length);
        expect(group.requests).toBe(total);
        if (total === 0) expect(group.successRate).toBeNull();
        else expect(group.successRate).toBeCloseTo((100 * successful) / total, 1);
        expect(group.slowestP95).toBe(
          counts.length > 0 ? Math.max(...counts.map((entry) => entry.p95_response_time_ms)) : null,
        );
      }
    }
  });

  it('never says of a group that it is better than its worst agent and worse than its best at once', () => {
    const order: Health[] = ['critical', 'attention', 'healthy'];
    for (const { agents, usage } of cases) {
      for (const group of subnuclei(agents, usage)) {
        const ranks = group.agents.map(({ health }) => order.indexOf(health)).filter((rank) => rank >= 0);
        const rank = order.indexOf(group.health);
        if (ranks.length === 0) expect(['idle', 'off']).toContain(group.health);
        else {
          expect(rank).toBeGreaterThanOrEqual(Math.min(...ranks));
          expect(rank).toBeLessThanOrEqual(Math.max(...ranks));
        }
      }
    }
  });

  it('leaves what it is given as it was', () => {
    for (const { agents, usage } of cases.slice(0, 20)) {
      const before = JSON.stringify([agents, usage]);
      subnuclei(agents, usage);
      expect(JSON.stringify([agents, usage])).toBe(before);
    }
  });
});

describe('health', () => {
  it.each<[Health, number, number]>([
    ['healthy', 10_000, 10_000],
    ['healthy', HEALTHY * 100, 10_000],
    ['attention', HEALTHY * 100 - 1, 10_000],
    ['attention', CRITICAL * 100, 10_000],
    ['critical', CRITICAL * 100 - 1, 10_000],
    ['critical', 0, 10_000],
    ['idle', 0, 0],
  ])('is %s with %d of %d requests successful', (health, successful, total) => {
    const [group] = subnuclei([agent('a', 'Vendas')], [used('a', successful, total)]);
    expect(group?.agents[0]?.health).toBe(health);
    expect(group?.health).toBe(health);
  });

  it('is idle without any use, and off if the agent is', () => {
    const groups = subnuclei(
      [agent('a', 'A'), agent('b', 'B', 'inactive'), agent('c', 'C', 'suspended')],
      [used('b', 1, 100), used('c', 100, 100)],
    );
    expect(groups.map(({ health }) => health)).toEqual(['idle', 'off', 'off']);
    expect(groups.map(({ agents: [first] }) => first?.health)).toEqual(['idle', 'off', 'off']);
    expect(groups.map(({ requests }) => requests)).toEqual([0, 0, 0]);
  });

  it('of a group is that of all its requests: a small bad agent does not make a large good group critical', () => {
    const [group] = subnuclei([agent('a', 'A'), agent('b', 'A')], [used('a', 9900, 9900), used('b', 50, 100)]);
    expect(group?.agents.map(({ health }) => health)).toEqual(['healthy', 'critical']);
    expect(group).toMatchObject({ health: 'healthy', successRate: 99.5, requests: 10_000 });
  });

  it('is rounded as it is written: 97.996 is 98.00', () => {
    const [group] = subnuclei([agent('a', 'A')], [used('a', 97_996, 100_000)]);
    expect(group).toMatchObject({ successRate: 98, health: 'healthy' });
  });

  it('of nothing is nothing', () => {
    expect(subnuclei([], [used('a', 1, 1)])).toEqual([]);
  });
});
