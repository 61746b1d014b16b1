/** What people do with addresses: share them, go back, edit them, and try those of others. */
import { randomUUID } from 'node:crypto';
import type { Page } from '@playwright/test';
import type { TenantAgents, TenantIncidents, TenantIntegrations, TenantMe, TenantUsage } from '../src/api/generated';
import { api, expect, settled, signIn, stack, TENANT_B, test, userOf } from './fixtures.ts';
import { cells, column } from './written.ts';

const at = (path: string) => new URL(path, stack.web_url).href;
const DASHBOARD = ['', '/agents', '/fibonacci', '/integrations', '/usage', '/support'].map(
  (path) => `/app/dashboard${path}`,
);

test.describe('Dados de outra empresa', () => {
  /** Everything that names something of B and of nobody else. */
  async function namesOfB(): Promise<string[]> {
    const [me, agents, integrations, incidents] = await Promise.all([
      api<TenantMe>('diretor', '/tenant/me'),
      api<TenantAgents>('diretor', '/tenant/agents?status=all'),
      api<TenantIntegrations>('diretor', '/tenant/integrations'),
      api<TenantIncidents>('diretor', '/tenant/incidents?limit=100'),
    ]);
    const own = incidents.incidents.filter(({ scope }) => scope === 'tenant');
    expect(own.length).toBeGreaterThan(0);
    return [
      me.name,
      me.cnpj,
      ...agents.agents.flatMap(({ id, name }) => [id, name]),
      ...integrations.integrations.flatMap(({ id, last_error }) => [id, last_error ?? []].flat()),
      ...own.map(({ id }) => id),
    ];
  }

  for (const path of DASHBOARD) {
    test(`Sem permissão: a sessão de uma empresa não vê os dados de outra em ${path}`, async ({ page, problems }) => {
      problems.expect(/^403 GET \/api\/tenant\//);
      const bodies: Promise<string>[] = [];
      const statuses: number[] = [];
      page.on('response', (response) => {
        const { pathname } = new URL(response.url());
        if (pathname.startsWith('/_next/static/')) return;
        if (pathname.startsWith('/api/tenant/')) statuses.push(response.status());
        bodies.push(response.text().catch(() => ''));
      });
      await signIn(page, 'gestora');
      await page.goto(`${path}?tenant_id=${TENANT_B}`);
      await expect(page.getByText('Sem permissão').first()).toBeVisible();
      await settled(page);
      expect(statuses.length).toBeGreaterThan(0);
      expect(new Set(statuses)).toEqual(new Set([403]));
      await expect(page.getByText('Carregando')).toHaveCount(0);
      const seen = [await page.content(), ...(await Promise.all(bodies))].join('\n');
      const leaked = (await namesOfB()).filter((name) => seen.includes(name));
      expect(leaked).toEqual([]);
    });
  }

  test('Não encontrado: o agente que só a outra empresa tem', async ({ page, problems }) => {
    problems.expect(/^404 GET \/api\/tenant\/usage/);
    const of = async (persona: 'gestora' | 'diretor') =>
      (await api<TenantAgents>(persona, '/tenant/agents?status=all')).agents;
    const own = new Set((await of('gestora')).map(({ id }) => id));
    const foreign = (await of('diretor')).find(({ id }) => !own.has(id));
    await signIn(page, 'gestora');
    await page.goto(`/app/dashboard/usage?agent_id=${foreign?.id}`);
    await expect(page.getByRole('main').getByRole('alert')).toContainText('Não encontrado');
    expect(await page.content()).not.toContain(foreign?.name);
  });
});

test.describe('Links compartilhados', () => {
  const table = (page: Page) => page.getByRole('table', { name: 'Dia a dia' });

  /** What somebody has set, and sees. */
  async function prepare(page: Page): Promise<{ url: string; rows: string[][]; agent: string }> {
    const { by_agent } = await api<TenantUsage>('gestora', '/tenant/usage?period=90d');
    const agent = by_agent.find(({ agent_id }) => agent_id !== null)?.agent_name ?? '';
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard/usage');
    await page.getByRole('radiogroup', { name: 'Período' }).getByText('90 dias').click();
    await page.getByRole('table', { name: 'Por agente' }).getByRole('link', { name: agent }).click();
    await expect(page).toHaveURL(/agent_id=/);
    await table(page)
      .getByRole('button', { name: /^Requisições/ })
      .click();
    await expect(page).toHaveURL(/sort=total_requests/);
    await page.getByRole('button', { name: 'Página 2' }).click();
    await expect(page).toHaveURL(/page=2/);
    await expect.poll(() => cells(table(page))).toHaveLength(10);
    return { url: page.url(), rows: await cells(table(page)), agent };
  }

  async function expectSame(page: Page, { url, rows, agent }: Awaited<ReturnType<typeof prepare>>): Promise<void> {
    await expect(page).toHaveURL(url);
    await expect(page.getByRole('radio', { name: '90 dias' })).toBeChecked();
    await expect(page.getByRole('combobox', { name: 'Agente' })).toHaveValue(agent);
    await expect.poll(() => cells(table(page))).toEqual(rows);
  }

  test('Um link copiado mostra o mesmo a um colega', async ({ page, browser, problems }) => {
    const shared = await prepare(page);
    const context = await browser.newContext({ baseURL: stack.web_url });
    problems.watch(context);
    const fresh = await context.newPage();
    await signIn(fresh, 'gestora');
    await fresh.goto(shared.url);
    await expectSame(fresh, shared);
    await context.close();
  });

  test('Um link copiado leva quem não entrou ao login, e depois ao mesmo', async ({ page, context }) => {
    const shared = await prepare(page);
    await context.clearCookies();
    await page.goto(shared.url);
    const { email, password } = userOf('gestora');
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Senha', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Entrar' }).click();
    await expectSame(page, shared);
  });
});

test('Voltar e avançar: passo por passo, por páginas, filtros e ordens', async ({ page }) => {
  await signIn(page, 'gestora');
  await page.goto('/app/dashboard');
  await page.getByRole('link', { name: /^Agentes Ativos/ }).click();
  await expect(page.getByRole('radio', { name: 'Ativos', exact: true })).toBeChecked();
  const table = page.getByRole('table', { name: 'Agentes' });
  await table.getByRole('button', { name: /^p95/ }).click();
  await expect(page).toHaveURL(/sort=p95/);
  await page.getByRole('radiogroup', { name: 'Status' }).getByText('Todos').click();
  await expect(page).not.toHaveURL(/status=/);
  const bySpeed = await column(table, 7);
  await table.locator('tbody').getByRole('link').first().click();
  await expect(page.getByRole('heading', { level: 1, name: 'Uso' })).toBeVisible();

  await page.goBack();
  await expect.poll(() => column(table, 7)).toEqual(bySpeed);
  await page.goBack();
  await expect(page.getByRole('radio', { name: 'Ativos', exact: true })).toBeChecked();
  await page.goBack();
  await expect(page).toHaveURL(at('/app/dashboard/agents?status=active'));
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1, name: 'Visão geral' })).toBeVisible();
  await page.goForward();
  await page.goForward();
  await expect(page).toHaveURL(/status=active.*sort=p95/);
  await expect.poll(() => column(table, 7)).toEqual(bySpeed);
});

test.describe('Endereços que não dizem nada', () => {
  const checked = (name: string) => (page: Page) => expect(page.getByRole('radio', { name })).toBeChecked();
  const rows = (name: string) => (page: Page) =>
    expect(page.getByRole('table', { name }).locator('tbody tr').first()).toBeVisible();
  const range = (text: RegExp) => (page: Page) =>
    expect(page.getByRole('main').getByRole('status').filter({ hasText: text })).toBeVisible();
  const harmless: [string, (page: Page) => Promise<void>][] = [
    ['/app/dashboard?period=1d', checked('30 dias')],
    ['/app/dashboard/fibonacci?period=', checked('30 dias')],
    ['/app/dashboard/agents?sort=x&order=y&status=z', checked('Todos')],
    ['/app/dashboard/agents?sort=__proto__&order=desc', rows('Agentes')],
    ['/app/dashboard/integrations?status=x', checked('Todas')],
    ['/app/dashboard/usage?page=0&sort=constructor', range(/^1–10 de 30/)],
    ['/app/dashboard/usage?page=99999', range(/^21–30 de 30/)],
    ['/app/dashboard/support?page=-5', range(/^1–10 de/)],
    ['/app/dashboard/support?page=abc', range(/^1–10 de/)],
    ['/app/dashboard/support?page=99999', range(/^(\d+)–\d+ de \d+$/)],
  ];
  for (const [path, expectShown] of harmless) {
    test(`${path}: mostra o que pode`, async ({ page }) => {
      await signIn(page, 'gestora');
      await page.goto(path);
      await expectShown(page);
      await settled(page);
      await expect(page.getByRole('main').getByRole('alert')).toHaveCount(0);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    });
  }

  test('page=99999: leva à última página, e o botão de voltar não volta a ela', async ({ page }) => {
    const { total } = await api<TenantIncidents>('gestora', '/tenant/incidents?limit=1');
    const last = Math.ceil(total / 10);
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard/agents');
    await page.goto('/app/dashboard/support?page=99999');
    await expect(page).toHaveURL(at(`/app/dashboard/support?page=${last}`));
    await expect(page.getByRole('table', { name: 'Incidentes' }).locator('tbody tr')).toHaveCount(
      total - (last - 1) * 10,
    );
    await page.goBack();
    await expect(page).toHaveURL(at('/app/dashboard/agents'));
  });

  for (const page of ['0', '99999', 'x']) {
    for (const [path, name] of [
      ['/app/dashboard', 'Empresas'],
      ['/app/company/tenants', 'Tenants'],
    ]) {
      test(`${path}?page=${page}: mostra empresas`, async ({ page: tab }) => {
        await signIn(tab, 'admin');
        await tab.goto(`${path}?page=${page}`);
        await expect(tab.getByRole('table', { name }).getByRole('link').first()).toBeVisible();
      });
    }
  }

  const nothing: [string, RegExp][] = [
    ['/app/dashboard/usage?agent_id=not-a-uuid', /^400 GET \/api\/tenant\/usage/],
    [`/app/dashboard/usage?agent_id=${randomUUID()}`, /^404 GET \/api\/tenant\/usage/],
    ['/app/dashboard?tenant_id=x', /^400 GET \/api\/tenant\//],
    [`/app/dashboard/support?tenant_id=${randomUUID()}`, /^404 GET \/api\/tenant\//],
  ];
  for (const [path, problem] of nothing) {
    test(`${path.replace(/[0-9a-f-]{36}/, 'desconhecido')}: diz que não encontrou`, async ({ page, problems }) => {
      problems.expect(problem);
      await signIn(page, path.includes('tenant_id') ? 'admin' : 'gestora');
      await page.goto(path);
      await expect(page.getByRole('main').getByRole('alert').first()).toContainText('Não encontrado');
      await expect(page.getByRole('button', { name: 'Tentar de novo' })).toHaveCount(0);
    });
  }
});
