import type { TenantAgent, UsageByAgent } from '@/api/generated';
import type { Tone } from '@/components/status-badge';

/** From this success rate on, in percent, an agent is healthy. */
export const HEALTHY = 98;
/** Below this one it is critical. */
export const CRITICAL = 95;

export type Health = 'healthy' | 'attention' | 'critical' | 'idle' | 'off';

export const HEALTH_TONE: Record<Health, Tone> = {
  healthy: 'good',
  attention: 'warning',
  critical: 'bad',
  idle: 'info',
  off: 'idle',
};

export interface AgentHealth {
  agent: TenantAgent;
  health: Health;
}

export interface Subnucleus {
  /** Null for agents without a segment. */
  segment: string | null;
  agents: AgentHealth[];
  active: number;
  requests: number;
  /** In percent, from summed counts; null without requests. */
  successRate: number | null;
  /** The slowest agent's: percentiles don't add up. */
  slowestP95: number | null;
  health: Health;
}

/** How well something does that made these requests. */
function ofRate(rate: number | null): Health {
  if (rate === null) return 'idle';
  if (rate >= HEALTHY) return 'healthy';
  return rate < CRITICAL ? 'critical' : 'attention';
}

function ratio(successful: number, total: number): number | null {
  return total > 0 ? Math.round((successful / total) * 10_000) / 100 : null;
}

/** Agents by segment, the segments in alphabetical order and agents without one last; each with its health over the period. */
export function subnuclei(agents: readonly TenantAgent[], usage: readonly UsageByAgent[]): Subnucleus[] {
  const used = new Map(usage.map((entry) => [entry.agent_id, entry]));
  const bySegment = Map.groupBy(agents, ({ segment }) => segment);
  return [...bySegment]
    .map(([segment, members]): Subnucleus => {
      const working = members.filter(({ status }) => status === 'active');
      const counts = working.map(({ id }) => used.get(id)).filter((entry) => entry !== undefined);
      const requests = sum(counts.map((entry) => entry.total_requests));
      const successRate = ratio(sum(counts.map((entry) => entry.successful_requests)), requests);
      return {
        segment,
        agents: members.map((agent) => {
          const own = used.get(agent.id);
          const rate = own ? ratio(own.successful_requests, own.total_requests) : null;
          return { agent, health: agent.status === 'active' ? ofRate(rate) : 'off' };
        }),
        active: working.length,
        requests,
        successRate,
        slowestP95: counts.length > 0 ? Math.max(...counts.map((entry) => entry.p95_response_time_ms)) : null,
        health: working.length > 0 ? ofRate(successRate) : 'off',
      };
    })
    .sort((a, b) => {
      if (a.segment === null || b.segment === null) return Number(a.segment === null) - Number(b.segment === null);
      return a.segment.localeCompare(b.segment, 'pt-BR');
    });
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
