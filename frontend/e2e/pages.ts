/** Every page of the dashboard: who opens it, and what of the demo data it must then show. */
import { api, type Persona, TENANT_A } from './stack.ts';

export interface Place {
  /** Part of names of tests and screenshots. */
  name: string;
  path: string;
  heading: string;
  /** Those who see it; nobody has to sign in for a page without. */
  readers: readonly Persona[];
  /** Texts that are visible once the page has loaded. */
  shows: (persona: Persona) => Promise<string[]>;
}

export const INTERNAL: readonly Persona[] = ['admin', 'suporte'];
export const TENANTS: readonly Persona[] = ['gestora', 'balcao', 'diretor'];
const EVERYBODY = [...INTERNAL, ...TENANTS];
const NOTHING = async () => [];

const usage = '/app/dashboard/usage';
const agents = '/app/dashboard/agents';
const COMPANY = '/app/company';

export const PLACES: readonly Place[] = [
  { name: 'login', path: '/auth/login', heading: 'Entrar', readers: [], shows: NOTHING },
  { name: 'forgot', path: '/auth/forgot', heading: 'Recuperar senha', readers: [], shows: NOTHING },
  {
    name: 'overview',
    path: '/app/dashboard',
    heading: 'Visão geral',
    readers: EVERYBODY,
    shows: async (persona) => [
      'Agentes Ativos',
      'Requisições (30d)',
      'Taxa de Sucesso',
      ...(await incidents(persona, 1)),
    ],
  },
  { name: 'agents', path: agents, heading: 'Agentes', readers: EVERYBODY, shows: agentNames },
  { name: 'fibonacci', path: '/app/dashboard/fibonacci', heading: 'Fibonacci', readers: EVERYBODY, shows: agentNames },
  {
    name: 'integrations',
    path: '/app/dashboard/integrations',
    heading: 'Integrações',
    readers: EVERYBODY.filter((persona) => persona !== 'balcao'),
    shows: integrationNames,
  },
  { name: 'usage', path: usage, heading: 'Uso', readers: EVERYBODY, shows: busiestAgent },
  {
    name: 'support',
    path: '/app/dashboard/support',
    heading: 'Suporte',
    readers: EVERYBODY,
    shows: (persona) => incidents(persona, 5),
  },
  { name: 'account', path: '/app/account', heading: 'Minha conta', readers: EVERYBODY, shows: NOTHING },
  {
    name: 'company',
    path: COMPANY,
    heading: 'Painel Operacional AlquimistaAI',
    readers: INTERNAL,
    shows: async (persona) => [
      'Tenants Ativos',
      'Agentes Deployados',
      ...(await busiestTenant(persona)),
      ...(await allIncidents(persona, 1)),
    ],
  },
  { name: 'company-tenants', path: `${COMPANY}/tenants`, heading: 'Tenants', readers: INTERNAL, shows: tenantNames },
  {
    name: 'company-tenant',
    path: `${COMPANY}/tenants/${TENANT_A}`,
    heading: 'Panificadora Pão Dourado Ltda',
    readers: INTERNAL,
    shows: async () => ['Agentes ativos', 'Cadastro', 'Limites'],
  },
  { name: 'company-agents', path: `${COMPANY}/agents`, heading: 'Agentes', readers: INTERNAL, shows: catalogue },
  {
    name: 'company-integrations',
    path: `${COMPANY}/integrations`,
    heading: 'Integrações',
    readers: INTERNAL,
    shows: allIntegrations,
  },
  {
    name: 'company-incidents',
    path: `${COMPANY}/incidents`,
    heading: 'Incidentes',
    readers: INTERNAL,
    shows: (persona) => allIncidents(persona, 5),
  },
  {
    name: 'company-operations',
    path: `${COMPANY}/operations`,
    heading: 'Console de Operações',
    readers: INTERNAL,
    shows: async () => ['Executar comando', 'Histórico de comandos'],
  },
  {
    name: 'company-billing',
    path: `${COMPANY}/billing`,
    heading: 'Financeiro',
    readers: ['admin'],
    shows: async () => ['MRR médio por tenant', 'O que moveu o MRR', 'Por plano', 'enterprise'],
  },
  { name: 'company-audit', path: `${COMPANY}/audit`, heading: 'Auditoria', readers: ['admin'], shows: auditTitles },
];

/** What tests of a page are called: pages of both sides may have the same heading. */
export function titleOf({ path, heading }: Place): string {
  return path.startsWith(`${COMPANY}/`) ? `Painel interno, ${heading}` : heading;
}

/** The page's address for a persona: the internal team names the tenant that it looks at. */
export function address(place: Place, persona: Persona): string {
  return place.path.startsWith('/app/dashboard') ? `${place.path}${scope(persona)}` : place.path;
}

function scope(persona: Persona, separator = '?'): string {
  return INTERNAL.includes(persona) ? `${separator}tenant_id=${TENANT_A}` : '';
}

interface Named {
  name: string;
}

async function agentNames(persona: Persona): Promise<string[]> {
  const path = `/tenant/agents?status=active${scope(persona, '&')}`;
  return names((await api<{ agents: Named[] }>(persona, path)).agents);
}

async function integrationNames(persona: Persona): Promise<string[]> {
  const path = `/tenant/integrations${scope(persona)}`;
  return names((await api<{ integrations: Named[] }>(persona, path)).integrations);
}

async function busiestAgent(persona: Persona): Promise<string[]> {
  const path = `/tenant/usage?period=30d${scope(persona, '&')}`;
  const { by_agent } = await api<{ by_agent: { agent_name: string }[] }>(persona, path);
  return by_agent.slice(0, 1).map(({ agent_name }) => agent_name);
}

async function incidents(persona: Persona, limit: number): Promise<string[]> {
  const path = `/tenant/incidents?limit=${limit}${scope(persona, '&')}`;
  return (await api<{ incidents: { title: string }[] }>(persona, path)).incidents.map(({ title }) => title);
}

async function tenantNames(persona: Persona): Promise<string[]> {
  return names((await api<{ tenants: Named[] }>(persona, '/internal/tenants?limit=5')).tenants);
}

async function busiestTenant(persona: Persona): Promise<string[]> {
  const path = '/internal/usage/overview?period=30d';
  const { top_tenants_by_usage } = await api<{ top_tenants_by_usage: { tenant_name: string | null }[] }>(persona, path);
  return top_tenants_by_usage.slice(0, 1).flatMap(({ tenant_name }) => tenant_name ?? []);
}

async function catalogue(persona: Persona): Promise<string[]> {
  return names((await api<{ agents: Named[] }>(persona, '/internal/agents?limit=5')).agents);
}

async function allIntegrations(persona: Persona): Promise<string[]> {
  return names((await api<{ integrations: Named[] }>(persona, '/internal/integrations?limit=5')).integrations);
}

async function allIncidents(persona: Persona, limit: number): Promise<string[]> {
  const path = `/internal/incidents?limit=${limit}`;
  return (await api<{ incidents: { title: string }[] }>(persona, path)).incidents.map(({ title }) => title);
}

async function auditTitles(persona: Persona): Promise<string[]> {
  return (await api<{ events: { title: string }[] }>(persona, '/internal/audit?limit=3')).events.map(
    ({ title }) => title,
  );
}

function names(rows: Named[]): string[] {
  return rows.map(({ name }) => name);
}
