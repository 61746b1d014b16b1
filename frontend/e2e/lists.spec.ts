/** Agents, their groups, integrations and incidents: filters, orders, pages and what leads where. */
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import type {
  TenantAgent,
  TenantAgents,
  TenantIncidents,
  TenantIntegrations,
  Tenants,
  TenantUsage,
} from '../src/api/generated';
import { api, expect, idToken, settled, signIn, stack, test } from './fixtures.ts';
import { cells, column, day, instant, integer, milliseconds, percent } from './written.ts';

const at = (path: string) => new URL(path, stack.web_url).href;

/** A company of the demo data with agents of every status. */
async function tenantWithEveryStatus(): Promise<string> {
  const { tenants } = await api<Tenants>('admin', '/internal/tenants?search=Flor de Lis&limit=1');
  return tenants[0]?.id ?? '';
}

test.describe('Agentes', () => {
  const table = (page: Page) => page.getByRole('table', { name: 'Agentes' });
  const agents = async () => (await api<TenantAgents>('gestora', '/tenant/agents?status=all')).agents;

  test('Todos, Ativos, Inativos: o filtro Status fica no endereço e no botão de voltar', async ({ page }) => {
    const tenant = await tenantWithEveryStatus();
    const names = async (status: string) => {
      const path = `/tenant/agents?status=${status}&tenant_id=${tenant}`;
      return (await api<TenantAgents>('admin', path)).agents.map(({ name }) => name).toSorted();
    };
    expect((await names('inactive')).length).toBeGreaterThan(0);
    const shown = async () => (await column(table(page), 0)).toSorted();
    const choose = (name: string) =>
      page.getByRole('radiogroup', { name: 'Status' }).getByText(name, { exact: true }).click();
    await signIn(page, 'admin');
    await page.goto(`/app/dashboard/agents?tenant_id=${tenant}`);
    await expect.poll(shown).toEqual(await names('all'));
    await choose('Ativos');
    await expect(page).toHaveURL(at(`/app/dashboard/agents?tenant_id=${tenant}&status=active`));
    await expect.poll(shown).toEqual(await names('active'));
    await choose('Inativos');
    await expect.poll(shown).toEqual(await names('inactive'));
    await page.goBack();
    await expect(page.getByRole('radio', { name: 'Ativos', exact: true })).toBeChecked();
    await expect.poll(shown).toEqual(await names('active'));
    await choose('Todos');
    await expect.poll(shown).toEqual(await names('all'));
  });

  test('Buscar agente: por nome ou segmento, sem acento, e fica no endereço', async ({ page }) => {
    const all = await agents();
    const agent = all.find(({ segment }) => segment === 'Jurídico') as TenantAgent;
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard/agents');
    const search = page.getByLabel('Buscar agente');
    await search.fill('JURIDICO');
    await expect.poll(() => column(table(page), 0)).toEqual([agent.name]);
    await expect(page).toHaveURL(at('/app/dashboard/agents?search=JURIDICO'));
    await search.fill(agent.name.slice(0, 6));
    await expect.poll(() => column(table(page), 0)).toContain(agent.name);
    await search.fill('xyz');
    await expect(page.getByText('Nenhum agente com “xyz”')).toBeVisible();
    await search.fill('');
    await expect.poll(() => column(table(page), 0)).toHaveLength(all.length);
    await expect(page).toHaveURL(at('/app/dashboard/agents'));
  });

  test('Agentes: cada linha tem os números da API, e o curso de 30 dias em palavras', async ({ page }) => {
    const all = (await agents()).toSorted((a, b) => a.name.localeCompare(b.name, 'pt-BR'));
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard/agents');
    await expect
      .poll(() => cells(table(page)))
      .toEqual(
        all.map(({ name, status, segment, activated_at, usage_last_30_days: used }) => [
          name,
          status === 'active' ? 'Ativo' : 'Inativo',
          segment ?? '–',
          integer(used.total_requests),
          '',
          percent(used.success_rate),
          milliseconds(used.avg_response_time_ms),
          milliseconds(used.p95_response_time_ms),
          activated_at ? day(activated_at) : '–',
        ]),
      );
    for (const [index, { usage_last_30_days: used }] of all.entries()) {
      await expect(table(page).locator('tbody').getByRole('img').nth(index)).toHaveAccessibleName(
        `Requisições por dia nos últimos 30 dias; no máximo ${integer(Math.max(...used.daily_requests))} em um dia`,
      );
    }
    await expect(table(page).locator('svg.recharts-surface').first()).toBeVisible();
  });

  const columns: [string, number, (agent: TenantAgent) => string | number | null, (agent: TenantAgent) => string][] = [
    ['Agente', 0, ({ name }) => name, ({ name }) => name],
    ['Segmento', 2, ({ segment }) => segment, ({ segment }) => segment ?? '–'],
    ['Requisições (30d)', 3, ...of('total_requests', integer)],
    ['Sucesso', 5, ...of('success_rate', percent)],
    ['Tempo médio', 6, ...of('avg_response_time_ms', milliseconds)],
    ['p95', 7, ...of('p95_response_time_ms', milliseconds)],
  ];

  function of(
    key: 'total_requests' | 'success_rate' | 'avg_response_time_ms' | 'p95_response_time_ms',
    write: (value: number) => string,
  ): [(agent: TenantAgent) => number, (agent: TenantAgent) => string] {
    return [({ usage_last_30_days: used }) => used[key], ({ usage_last_30_days: used }) => write(used[key])];
  }

  test('Agente, Segmento, Requisições, Sucesso, Tempo médio, p95: ordenam, por mouse e teclado', async ({ page }) => {
    const all = await agents();
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard/agents?sort=segment&order=desc');
    // A column keeps the direction of the one before; the same column again turns it round.
    let descending = true;
    for (const [name, index, value, written] of columns) {
      const ascending = all
        .map((agent) => ({ agent, value: value(agent) }))
        .toSorted((a, b) => compare(a.value, b.value))
        .map(({ agent }) => written(agent));
      const expectOrder = () =>
        expect.poll(() => column(table(page), index)).toEqual(descending ? ascending.toReversed() : ascending);
      const head = table(page).getByRole('button', { name: new RegExp(`^${name.replace(/[()]/g, '\\$&')}`) });
      await head.click();
      await expectOrder();
      await expect(head).toHaveAccessibleName(`${name} em ordem ${descending ? 'decrescente' : 'crescente'}`);
      descending = !descending;
      await head.focus();
      await page.keyboard.press(descending ? 'Space' : 'Enter');
      await expectOrder();
      await expect(head).toBeFocused();
    }
  });

  test('Agente: o nome leva ao uso do agente', async ({ page }) => {
    const [agent] = await agents();
    await signIn(page, 'balcao');
    await page.goto('/app/dashboard/agents');
    await table(page).getByRole('link', { name: agent?.name }).click();
    await expect(page).toHaveURL(at(`/app/dashboard/usage?agent_id=${agent?.id}`));
    await expect(page.getByRole('combobox', { name: 'Agente' })).toHaveValue(agent?.name ?? '');
  });

  function compare(a: string | number | null, b: string | number | null): number {
    if (typeof a === 'string' && typeof b === 'string') return a.localeCompare(b, 'pt-BR');
    return Number(a) - Number(b);
  }
});

test.describe('Fibonacci', () => {
  const LABELS = {
    healthy: 'Saudável',
    attention: 'Atenção',
    critical: 'Crítico',
    idle: 'Sem tráfego',
    off: 'Desligado',
  };

  function health(successful: number, total: number): string {
    if (total === 0) return LABELS.idle;
    const rate = Math.round((10_000 * successful) / total) / 100;
    if (rate >= 98) return LABELS.healthy;
    return rate >= 95 ? LABELS.attention : LABELS.critical;
  }

  async function expectGroups(page: Page, tenant: string, period: string): Promise<void> {
    const query = `period=${period}&tenant_id=${tenant}`;
    const { agents } = await api<TenantAgents>('admin', `/tenant/agents?status=all&tenant_id=${tenant}`);
    const { by_agent } = await api<TenantUsage>('admin', `/tenant/usage?${query}`);
    const used = (id: string) => by_agent.find(({ agent_id }) => agent_id === id);
    const groups = Map.groupBy(agents, ({ segment }) => segment ?? 'Sem subnúcleo');
    await expect(page.getByRole('main').getByRole('region')).toHaveCount(groups.size);
    for (const [segment, members] of groups) {
      const active = members.filter(({ status }) => status === 'active');
      const counts = active.flatMap(({ id }) => used(id) ?? []);
      const total = counts.reduce((sum, { total_requests }) => sum + total_requests, 0);
      const successful = counts.reduce((sum, { successful_requests }) => sum + successful_requests, 0);
      const rate = total === 0 ? '–' : percent(Math.round((10_000 * successful) / total) / 100);
      const slowest = Math.max(...counts.map(({ p95_response_time_ms }) => p95_response_time_ms));
      const group = page.getByRole('region', { name: segment, exact: true });
      await expect(group).toContainText(
        `${active.length} de ${members.length} ativos · ${integer(total)} requisições · ${rate} com sucesso · ` +
          `maior p95: ${counts.length === 0 ? '–' : milliseconds(slowest)}`,
      );
      await expect(group).toContainText(
        new RegExp(`^${segment}${active.length === 0 ? LABELS.off : health(successful, total)}`),
      );
      await expect(group.getByRole('listitem')).toHaveText(
        members.map(({ id, name, status }) => {
          const own = used(id);
          return (
            name + (status === 'active' ? health(own?.successful_requests ?? 0, own?.total_requests ?? 0) : LABELS.off)
          );
        }),
      );
    }
  }

  test('Fibonacci: os agentes por subnúcleo, e a saúde de cada um em cada período', async ({ page }) => {
    const tenant = await tenantWithEveryStatus();
    await signIn(page, 'admin');
    await page.goto(`/app/dashboard/fibonacci?tenant_id=${tenant}`);
    await expectGroups(page, tenant, '30d');
    await page.getByRole('radiogroup', { name: 'Período' }).getByText('7 dias').click();
    await expect(page).toHaveURL(/period=7d/);
    await expectGroups(page, tenant, '7d');
  });

  test('Legenda: diz o que cada saúde significa', async ({ page }) => {
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard/fibonacci');
    await expect(page.getByRole('list', { name: 'Legenda' }).getByRole('listitem')).toHaveText([
      'Saudávelsucesso ≥ 98%',
      'Atençãoentre 95% e 98%',
      'Críticoabaixo de 95%',
      'Sem tráfegoativo, sem requisições',
      'Desligadoinativo ou suspenso',
    ]);
  });

  test('Fibonacci: cada agente leva a seu uso no período', async ({ page }) => {
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard/fibonacci?period=90d');
    const link = page.getByRole('main').getByRole('region').getByRole('link').first();
    const name = (await link.textContent()) ?? '';
    await link.click();
    await expect(page).toHaveURL(/\/usage\?period=90d&agent_id=/);
    await expect(page.getByRole('combobox', { name: 'Agente' })).toHaveValue(name);
  });
});

test.describe('Integrações', () => {
  const STATUSES = { active: 'Ativas', inactive: 'Inativas', error: 'Com erro' };

  test('Todas, Ativas, Inativas, Com erro: o filtro conta, filtra e fica no endereço', async ({ page }) => {
    const { integrations } = await api<TenantIntegrations>('gestora', '/tenant/integrations');
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard/integrations');
    const table = page.getByRole('table', { name: 'Integrações' });
    const names = async () => (await column(table, 1)).toSorted();
    const filter = page.getByRole('radiogroup', { name: 'Status' });
    await expect.poll(names).toEqual(integrations.map(({ name }) => name).toSorted());
    for (const [status, label] of Object.entries(STATUSES)) {
      const expected = integrations.filter((integration) => integration.status === status);
      await filter.getByText(`${label} (${expected.length})`, { exact: true }).click();
      await expect(page).toHaveURL(at(`/app/dashboard/integrations?status=${status}`));
      if (expected.length > 0) await expect.poll(names).toEqual(expected.map(({ name }) => name).toSorted());
      else await expect(page.getByText('Nenhuma integração com este status')).toBeVisible();
    }
    await page.goBack();
    await expect(filter.getByRole('radio', { name: /^Inativas/ })).toBeChecked();
    await filter.getByText(`Todas (${integrations.length})`).click();
    await expect(page).toHaveURL(at('/app/dashboard/integrations'));
  });

  test('Último erro, Última sincronização: o que a API diz de cada uma', async ({ page }) => {
    const { integrations } = await api<TenantIntegrations>('gestora', '/tenant/integrations');
    expect(integrations.some(({ last_error }) => last_error !== null)).toBe(true);
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard/integrations');
    const table = page.getByRole('table', { name: 'Integrações' });
    for (const { name, last_error, last_sync_at } of integrations) {
      const row = table.getByRole('row', { name });
      await expect(row.getByRole('cell').last()).toHaveText(last_error ?? '–');
      if (last_sync_at === null) await expect(row).toContainText('nunca sincronizada');
      else {
        const time = row.getByText(/^sincronizada (há|agora|ontem)/);
        await expect(time).toHaveAttribute('datetime', last_sync_at);
        await expect(time).toHaveAttribute('title', instant(last_sync_at));
      }
    }
  });

  test('Integrações: TENANT_USER não as vê em lugar nenhum, e nunca são pedidas', async ({ page, problems }) => {
    problems.expect(/^403 GET \/app\/dashboard\/integrations/);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await signIn(page, 'balcao');
    await page.goto('/app/dashboard');
    await settled(page);
    await expect(page.getByRole('region', { name: 'Incidentes recentes' })).toBeVisible();
    await expect(page.getByRole('link', { name: /Integrações/i })).toHaveCount(0);
    await expect(page.getByRole('heading', { name: /integrações/i })).toHaveCount(0);
    for (const path of ['agents', 'fibonacci', 'usage', 'support']) {
      await page.goto(`/app/dashboard/${path}`);
      await settled(page);
      await expect(page.getByText('Integrações')).toHaveCount(0);
    }
    expect((await page.goto('/app/dashboard/integrations'))?.status()).toBe(403);
    expect(asked.filter((path) => path.startsWith('/api/tenant/')).length).toBeGreaterThan(5);
    expect(asked).not.toContain('/api/tenant/integrations');
  });
});

test.describe('Suporte', () => {
  const PAGE_SIZE = 10;
  const incidents = (query: string) => api<TenantIncidents>('gestora', `/tenant/incidents?${query}`);
  const table = (page: Page) => page.getByRole('table', { name: 'Incidentes' });
  const titles = (page: Page): Promise<(string | null)[]> => titlesOf(table(page));

  function titlesOf(rows: Locator): Promise<string[]> {
    return rows.evaluate((element) =>
      [...element.querySelectorAll('tbody tr td:first-child p:first-child')].map((cell) => cell.textContent ?? ''),
    );
  }

  test('E-mail, Telefone, Atendimento: como falar conosco', async ({ page }) => {
    await signIn(page, 'balcao');
    await page.goto('/app/dashboard/support');
    const contact = page.getByRole('region', { name: 'Fale com o suporte' });
    const email = contact.getByRole('link', { name: /@/ });
    await expect(email).toHaveAttribute('href', `mailto:${await email.textContent()}`);
    const phone = contact.getByRole('link', { name: /^\+/ });
    await expect(phone).toHaveAttribute('href', `tel:${((await phone.textContent()) ?? '').replaceAll(/[^+\d]/g, '')}`);
    await expect(contact).toContainText(/Atendimento.+\d+h/);
  });

  test('Histórico de incidentes: todos, página por página', async ({ page }) => {
    const { total } = await incidents('limit=1');
    expect(total).toBeGreaterThan(PAGE_SIZE);
    const first = await incidents(`limit=${PAGE_SIZE}`);
    const second = await incidents(`limit=${PAGE_SIZE}&offset=${PAGE_SIZE}`);
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard/support');
    await expect.poll(() => titles(page)).toEqual(first.incidents.map(({ title }) => title));
    expect((await cells(table(page))).map((row) => row.slice(2))).toEqual(
      first.incidents.map(({ scope, created_at, resolved_at }) => [
        scope === 'platform' ? 'Plataforma' : 'Sua empresa',
        instant(created_at),
        resolved_at ? instant(resolved_at) : '–',
        resolved_at ? 'Resolvido' : 'Aberto',
      ]),
    );
    await expect(page.getByRole('status').filter({ hasText: `1–${PAGE_SIZE} de ${total}` })).toBeVisible();
    await page.getByRole('button', { name: 'Próxima página' }).click();
    await expect(page).toHaveURL(at('/app/dashboard/support?page=2'));
    await expect.poll(() => titles(page)).toEqual(second.incidents.map(({ title }) => title));
    await page.goBack();
    await expect.poll(() => titles(page)).toEqual(first.incidents.map(({ title }) => title));
  });

  test('Baixar CSV: os incidentes, byte por byte os da API', async ({ page }) => {
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard/support');
    const downloaded = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Baixar CSV' }).click();
    const download = await downloaded;
    expect(download.suggestedFilename()).toBe('incidentes.csv');
    const answer = await fetch(`${stack.api_url}/tenant/incidents`, {
      headers: { Authorization: `Bearer ${await idToken('gestora')}`, Accept: 'text/csv' },
    });
    expect(await readFile(await download.path())).toEqual(Buffer.from(await answer.arrayBuffer()));
    await expect(page.getByText('incidentes.csv foi baixado.')).toBeVisible();
  });
});
