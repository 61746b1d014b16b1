/** What the internal team sees of everything: numbers that are the API's, and lists that answer what was asked. */
import type { Page } from '@playwright/test';
import type {
  AuditLog,
  BillingOverview,
  InternalAgents,
  InternalIncidents,
  InternalIntegrations,
  Tenants,
  UsageOverview,
} from '../src/api/generated';
import { choose, expectCsv } from './controls.ts';
import {
  api,
  expect,
  expectDrawn,
  type Persona,
  settled,
  signIn,
  stack,
  TENANT_A,
  TENANT_B,
  userOf,
} from './fixtures.ts';
import { PLACES } from './pages.ts';
import { test, uniqueName } from './temporary.ts';
import { cells, column, day, instant, integer, money, percent, trend } from './written.ts';

const COMPANY = '/app/company';

const at = (path: string) => new URL(path, stack.web_url).href;
const main = (page: Page) => page.getByRole('main');
const panel = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
const card = (page: Page, name: string) =>
  main(page).getByRole('link', { name: new RegExp(`^${name.replaceAll(/[()]/g, '\\$&')}`) });
const choosePeriod = (page: Page, days: number) =>
  page.getByRole('radiogroup', { name: 'Período' }).getByText(`${days} dias`).click();

/** What the API answers the page itself: others may be changing things meanwhile. */
async function answered<Answer>(page: Page, path: string, query: Record<string, string>, act: () => Promise<unknown>) {
  const answer = page.waitForResponse((response) => {
    const url = new URL(response.url());
    const asked = Object.entries(query).every(([key, value]) => url.searchParams.get(key) === value);
    return url.pathname === `/api/internal/${path}` && asked && response.ok();
  });
  await act();
  return (await (await answer).json()) as Answer;
}

test.describe('Visão geral', () => {
  test('Tenants Ativos, Agentes Deployados, Requisições (24h), Taxa de Sucesso, MRR Total: cada número leva ao que conta', async ({
    page,
  }) => {
    await signIn(page, 'admin');
    const revenue = page.waitForResponse((response) => response.url().includes('/internal/billing/overview'));
    const usage = await answered<UsageOverview>(page, 'usage/overview', { period: '30d' }, () => page.goto(COMPANY));
    const { financial_summary: summary }: BillingOverview = await (await revenue).json();
    const { global_stats: stats, trend: change } = usage;
    const [now, before] = [usage.requests_last_24_hours, usage.requests_previous_24_hours];
    const numbers: [string, string, string, string][] = [
      [
        'Tenants Ativos',
        integer(stats.active_tenants),
        trend(change.active_tenants, 'count', 30),
        '/tenants?status=active',
      ],
      [
        'Agentes Deployados',
        integer(stats.total_agents_deployed),
        trend(change.total_agents_deployed, 'count', 30),
        '/agents?period=30d&sort=deployed_count&order=desc',
      ],
      [
        'Requisições (24h)',
        integer(now),
        trend(before > 0 ? (100 * (now - before)) / before : null, 'percent'),
        '/agents?period=7d&sort=total_requests&order=desc',
      ],
      [
        'Taxa de Sucesso',
        percent(stats.global_success_rate),
        trend(change.success_rate, 'points', 30),
        '/agents?period=30d&sort=success_rate&order=asc',
      ],
      [
        'MRR Total',
        money(summary.total_mrr),
        trend(Math.round(100 * (summary.end_mrr - summary.start_mrr)) / 100, 'money', 30),
        '/billing?period=30d',
      ],
    ];
    for (const [name, value, note] of numbers) await expect(card(page, name)).toHaveText(`${name}${value}${note}`);
    for (const [name, , , target] of numbers) {
      await card(page, name).click();
      await expect(page).toHaveURL(at(`${COMPANY}${target}`));
      await page.goBack();
    }
  });

  test('Tenants que mais usam, Agentes mais deployados: cada nome leva ao seu', async ({ page }) => {
    await signIn(page, 'suporte');
    const usage = await answered<UsageOverview>(page, 'usage/overview', { period: '30d' }, () => page.goto(COMPANY));
    const tenants = panel(page, 'Tenants que mais usam');
    await expect(tenants.getByRole('listitem')).toHaveText(
      usage.top_tenants_by_usage.map(
        (used) =>
          `${used.tenant_name ?? 'Tenant excluído'}${integer(used.total_requests)} requisições${percent(used.success_rate)} com sucesso`,
      ),
    );
    const agents = panel(page, 'Agentes mais deployados');
    await expect(agents.getByRole('listitem')).toHaveText(
      usage.top_agents_by_deployment.map(({ agent_name, deployed_count }) => `${agent_name}${deployed_count} tenants`),
    );
    const [tenant] = usage.top_tenants_by_usage;
    await tenants.getByRole('link', { name: tenant?.tenant_name ?? '' }).click();
    await expect(page.getByRole('heading', { level: 1, name: tenant?.tenant_name ?? '' })).toBeVisible();
    await page.goBack();
    for (const [name, target] of [
      ['Ver tenants', 'tenants'],
      ['Ver agentes', 'agents'],
    ]) {
      await page.getByRole('link', { name, exact: true }).click();
      await expect(page).toHaveURL(new RegExp(`/app/company/${target}`));
      await page.goBack();
    }
    const [agent] = usage.top_agents_by_deployment;
    await agents.getByRole('link', { name: agent?.agent_name ?? '' }).click();
    await expect.poll(() => column(page.getByRole('table', { name: 'Agentes' }), 0)).toEqual([agent?.agent_name]);
  });

  test('Ver como tabela: o que os gráficos desenham, no período escolhido', async ({ page }) => {
    await signIn(page, 'admin');
    await page.goto(COMPANY);
    const revenue = page.waitForResponse((response) => response.url().includes('/internal/billing/overview?period=7d'));
    const usage = await answered<UsageOverview>(page, 'usage/overview', { period: '7d' }, () => choosePeriod(page, 7));
    const billing: BillingOverview = await (await revenue).json();
    await expect(page).toHaveURL(at(`${COMPANY}?period=7d`));
    const stats = usage.global_stats;
    await expect(panel(page, 'Uso da plataforma').getByRole('figure')).toHaveAccessibleDescription(
      `${integer(stats.total_requests)} requisições de ${day(usage.from)} a ${day(usage.to)}, ${percent(stats.global_success_rate)} com sucesso.`,
    );
    const charts: [string, string, string[][]][] = [
      [
        'Uso da plataforma',
        '.recharts-bar-rectangle',
        usage.daily_trends.map((counts) => [
          day(counts.date),
          integer(counts.total_requests),
          percent(counts.success_rate),
          integer(counts.active_tenants),
        ]),
      ],
      ['Receita recorrente', '.recharts-line-curve', revenueRows(billing)],
    ];
    for (const [name, drawn, rows] of charts) {
      await expectDrawn(panel(page, name).locator(drawn));
      await panel(page, name).getByRole('button', { name: 'Ver como tabela' }).click();
      await expect.poll(() => cells(panel(page, name).getByRole('table'))).toEqual(rows);
    }
    await page.goBack();
    await expect(page.getByRole('radio', { name: '30 dias' })).toBeChecked();
  });

  test('Incidentes recentes: os mais novos, de quem são; Ver incidentes', async ({ page }) => {
    const { incidents } = await api<InternalIncidents>('suporte', '/internal/incidents?limit=6');
    await signIn(page, 'suporte');
    await page.goto(COMPANY);
    const items = panel(page, 'Incidentes recentes').getByRole('listitem');
    await expect(items).toHaveCount(incidents.length);
    for (const [index, { title, created_at, tenant_name }] of incidents.entries()) {
      await expect(items.nth(index)).toContainText(title);
      await expect(items.nth(index)).toContainText(instant(created_at));
      await expect(items.nth(index)).toContainText(tenant_name ?? 'Plataforma');
    }
    await page.getByRole('link', { name: 'Ver incidentes' }).click();
    await expect(page).toHaveURL(at(`${COMPANY}/incidents`));
  });
});

const revenueRows = (billing: BillingOverview) =>
  billing.revenue_trend.map((moved) => [
    day(moved.date),
    ...[moved.mrr, moved.new_mrr, moved.expansion_mrr, moved.contraction_mrr, moved.churned_mrr].map(money),
  ]);

test('INTERNAL_SUPPORT: em nenhuma página vê ou pede Financeiro e Auditoria', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await signIn(page, 'suporte');
  const places = PLACES.filter(({ path, readers }) => path.startsWith(COMPANY) && readers.includes('suporte'));
  for (const path of [...places.map((place) => place.path), `/app/dashboard?tenant_id=${TENANT_A}`]) {
    await page.goto(path);
    await settled(page);
    for (const text of ['MRR Total', 'Receita recorrente']) {
      await expect(page.getByText(text, { exact: true })).toHaveCount(0);
    }
    // A segment of agents is called as a page.
    for (const name of ['Financeiro', 'Ver financeiro', 'Auditoria']) {
      await expect(page.getByRole('link', { name, exact: true })).toHaveCount(0);
      await expect(page.getByRole('tab', { name, exact: true })).toHaveCount(0);
    }
  }
  expect(asked.filter((path) => path.startsWith('/api/internal/')).length).toBeGreaterThan(places.length);
  expect(asked.filter((path) => /^\/api\/internal\/(billing|audit)/.test(path))).toEqual([]);
});

test('Incidentes: Gravidade e Situação filtram a lista, ficam no endereço, e o CSV os segue', async ({ page }) => {
  await signIn(page, 'suporte');
  await page.goto(`${COMPANY}/incidents`);
  const table = page.getByRole('table', { name: 'Incidentes' });
  const expectRows = async (query: string) => {
    const { incidents } = await api<InternalIncidents>('suporte', `/internal/incidents?limit=20&${query}`);
    await expect
      .poll(async () => (await cells(table)).map(([what, whose, , since]) => [what, whose, since]))
      .toEqual(
        incidents.map(({ title, description, tenant_name, created_at }) => [
          `${title}${description ?? ''}`,
          tenant_name ?? 'Plataforma',
          instant(created_at),
        ]),
      );
  };
  await expectRows('');
  await choose(main(page), 'Gravidade', 'Erro');
  await expectRows('severity=error');
  await choose(main(page), 'Situação', 'Resolvidos');
  await expectRows('severity=error&state=resolved');
  await expect(page).toHaveURL(at(`${COMPANY}/incidents?severity=error&state=resolved`));
  await expectCsv(page, 'suporte', 'incidentes.csv', '/internal/incidents?severity=error&state=resolved');
  await main(page).getByRole('button', { name: 'Limpar Gravidade' }).click();
  await expectRows('state=resolved');
  await page.getByRole('button', { name: 'Próxima página' }).click();
  await expectRows('state=resolved&offset=20');
  await page.goBack();
  await page.goBack();
  await expectRows('severity=error&state=resolved');
});

test('Agentes: ordem, busca, segmento e período', async ({ page }) => {
  await signIn(page, 'suporte');
  await page.goto(`${COMPANY}/agents`);
  const table = page.getByRole('table', { name: 'Agentes' });
  const expectRows = async (query: string) => {
    const { agents } = await api<InternalAgents>('suporte', `/internal/agents?limit=20&${query}`);
    await expect
      .poll(async () => (await cells(table)).map(([name, , , requests, rate]) => [name, requests, rate]))
      .toEqual(agents.map((agent) => [agent.name, integer(agent.total_requests), percent(agent.success_rate)]));
    return agents;
  };
  await expectRows('period=30d&sort_by=name&sort_order=asc');
  for (const [name, key] of [
    ['Requisições', 'total_requests'],
    ['Sucesso', 'success_rate'],
  ]) {
    const head = table.getByRole('button', { name: new RegExp(`^${name}`) });
    await head.click();
    await expectRows(`period=30d&sort_by=${key}&sort_order=asc`);
    await head.click();
    await expectRows(`period=30d&sort_by=${key}&sort_order=desc`);
    await page.goto(`${COMPANY}/agents`);
  }
  await choosePeriod(page, 7);
  await expectRows('period=7d&sort_by=name&sort_order=asc');
  await choose(main(page), 'Segmento', 'Jurídico');
  const [agent] = await expectRows('period=7d&segment=Jurídico&sort_by=name&sort_order=asc');
  await expectCsv(
    page,
    'suporte',
    'agentes.csv',
    '/internal/agents?period=7d&segment=Jurídico&sort_by=name&sort_order=asc',
  );
  await main(page).getByRole('button', { name: 'Limpar Segmento' }).click();
  await page
    .getByLabel('Buscar agente')
    .fill((agent?.name ?? '').normalize('NFD').replaceAll(/\p{M}/gu, '').toUpperCase());
  await expect.poll(() => column(table, 0)).toEqual([agent?.name]);
});

test('Integrações: cada número do mapa filtra a lista ao que conta', async ({ page }) => {
  await signIn(page, 'suporte');
  await page.goto(`${COMPANY}/integrations`);
  const table = page.getByRole('table', { name: 'Integrações' });
  const map = page.getByRole('table', { name: 'Mapa' });
  const { summary } = await api<InternalIntegrations>('suporte', '/internal/integrations?limit=1');
  const count = summary.find(({ type, status }) => type === 'email' && status === 'error')?.count ?? 0;
  expect(count).toBeGreaterThan(0);
  const expectRows = async (query: string) => {
    const { integrations } = await api<InternalIntegrations>('suporte', `/internal/integrations?limit=20&${query}`);
    await expect
      .poll(async () => (await cells(table)).map(([whose, , name]) => [whose, name]))
      .toEqual(integrations.map(({ tenant_name, name }) => [tenant_name, name]));
  };
  await map.getByRole('button', { name: `${count}: email, Com erro` }).click();
  await expect(page).toHaveURL(at(`${COMPANY}/integrations?type=email&status=error`));
  await expectRows('type=email&status=error');
  expect(await column(table, 3)).toEqual(Array.from({ length: count }, () => 'Com erro'));
  await expectCsv(page, 'suporte', 'integracoes.csv', '/internal/integrations?type=email&status=error');
  await choose(main(page), 'Status', 'Inativas');
  await expectRows('type=email&status=inactive');
  const all = summary.filter(({ type }) => type === 'whatsapp').reduce((sum, entry) => sum + entry.count, 0);
  await map.getByRole('button', { name: `${all}: whatsapp, Total` }).click();
  await expect(page).toHaveURL(at(`${COMPANY}/integrations?type=whatsapp`));
  await expectRows('type=whatsapp');
  await page.getByLabel('Buscar por nome').fill('MATRIZ');
  await expectRows('type=whatsapp&search=MATRIZ');
});

test.describe('Financeiro', () => {
  /** What is written, in cents. */
  const cents = (text: string | undefined) =>
    Math.round(100 * Number(text?.replaceAll(/[^\d,-]/g, '').replace(',', '.')));

  for (const days of [7, 30, 90]) {
    test(`Período de ${days} dias: início + novo + expansão − contração − perdido = agora, e as parcelas somam o MRR`, async ({
      page,
    }) => {
      await signIn(page, 'admin');
      const billing = await answered<BillingOverview>(page, 'billing/overview', { period: `${days}d` }, () =>
        page.goto(`${COMPANY}/billing?period=${days}d`),
      );
      const summary = billing.financial_summary;
      await expect(page.getByText(`De ${day(billing.from)} a ${day(billing.to)} (dias em UTC)`)).toBeVisible();
      const moved = trend(Math.round(100 * (summary.end_mrr - summary.start_mrr)) / 100, 'money', days);
      await expect(main(page).locator('dl > div').nth(0)).toHaveText(`MRR${money(summary.total_mrr)}${moved}`);
      await expect(main(page).locator('dl > div').nth(1)).toHaveText(`ARR${money(summary.total_arr)}`);

      const bridge = panel(page, 'O que moveu o MRR');
      await expect(bridge.locator('.recharts-bar-rectangle').first()).toBeVisible();
      await bridge.getByRole('button', { name: 'Ver como tabela' }).click();
      const steps = ['Início', 'Novo', 'Expansão', 'Contração', 'Perdido', 'Agora'];
      await expect.poll(() => column(bridge.getByRole('table'), 0)).toEqual(steps);
      const [start, ...rest] = (await column(bridge.getByRole('table'), 1)).map(cents);
      const end = rest.pop();
      expect(rest.reduce((sum, step) => sum + step, start ?? 0)).toBe(end);
      expect(end).toBe(cents(money(summary.total_mrr)));

      const evolution = panel(page, 'Evolução do MRR');
      await evolution.getByRole('button', { name: 'Ver como tabela' }).click();
      await expect.poll(() => cells(evolution.getByRole('table'))).toEqual(revenueRows(billing));

      for (const name of ['Por plano', 'Por segmento']) {
        const table = page.getByRole('table', { name });
        await expect(table).toBeVisible();
        const shares = (await column(table, 2)).map(cents);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(end);
      }
    });
  }

  test('Período: fica no endereço e no botão de voltar', async ({ page }) => {
    await signIn(page, 'admin');
    await page.goto(`${COMPANY}/billing`);
    await choosePeriod(page, 90);
    await expect(page).toHaveURL(at(`${COMPANY}/billing?period=90d`));
    await page.goBack();
    await expect(page.getByRole('radio', { name: '30 dias' })).toBeChecked();
  });
});

test.describe('Auditoria', () => {
  const table = (page: Page) => page.getByRole('table', { name: 'Auditoria' });
  const audit = (page: Page, query: Record<string, string>, act: () => Promise<unknown>) =>
    answered<AuditLog>(page, 'audit', query, act);
  const expectRows = (page: Page, { events }: AuditLog) =>
    expect
      .poll(async () => (await cells(table(page))).map(([when, , , whose, who]) => [when, whose, who]))
      .toEqual(
        events.map(({ created_at, tenant_id, tenant_name, user_sub }) => [
          instant(created_at),
          tenant_id ? (tenant_name ?? tenant_id) : '–',
          user_sub ?? '–',
        ]),
      );
  const open = async (page: Page, query = '') => {
    await signIn(page, 'admin');
    await page.goto(`${COMPANY}/audit${query}`);
  };

  test('Pessoa, Tipo e Tenant: filtram os registros e ficam no endereço', async ({ page }) => {
    const { sub } = userOf('admin');
    // A read of another's data is on record.
    await api('admin', `/tenant/me?tenant_id=${TENANT_B}`);
    await open(page);
    const filter = page.getByRole('combobox', { name: 'Tipo' });
    await expect(filter).toBeVisible();
    const read = await audit(page, { event_type: 'tenant_data_read' }, () => choose(main(page), 'Tipo', 'Dados lidos'));
    await expectRows(page, read);
    const mine = await audit(page, { event_type: 'tenant_data_read', user_sub: sub }, () =>
      page.getByLabel('Pessoa (sub)').fill(sub),
    );
    expect(new Set(mine.events.map(({ user_sub }) => user_sub))).toEqual(new Set([sub]));
    await expectRows(page, mine);
    const { name } = (await api<Tenants>('admin', '/internal/tenants?search=Clinica Sao Lucas')).tenants[0] ?? {
      name: '',
    };
    const its = await audit(page, { tenant_id: TENANT_B, user_sub: sub }, async () => {
      await page.getByRole('combobox', { name: 'Tenant' }).fill('clinica sao lucas');
      await page.getByRole('option', { name }).click();
    });
    await expectRows(page, its);
    for (const part of ['type=tenant_data_read', `person=${sub}`, `tenant=${TENANT_B}`])
      expect(page.url()).toContain(part);
    const again = await audit(page, { tenant_id: TENANT_B, user_sub: sub }, () => page.reload());
    await expectRows(page, again);
    await expect(page.getByRole('combobox', { name: 'Tenant' })).toHaveValue(name);
  });

  test('De, Até: dias em UTC, os dois incluídos', async ({ page }) => {
    const dayAfter = (date: string) => new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);
    const today = new Date().toISOString().slice(0, 10);
    await signIn(page, 'admin');
    const one = await audit(page, { from: today, to: dayAfter(today) }, () =>
      page.goto(`${COMPANY}/audit?from=${today}&to=${today}`),
    );
    expect(new Set(one.events.map(({ created_at }) => created_at.slice(0, 10)))).toEqual(new Set([today]));
    await expectRows(page, one);
    await expect(page.getByRole('button', { name: 'De (dia em UTC)' })).toHaveText(day(today));
    await page.getByRole('button', { name: 'Limpar início' }).click();
    await page.getByRole('button', { name: 'Limpar fim' }).click();
    await expect(page).toHaveURL(at(`${COMPANY}/audit`));
    await page.getByRole('button', { name: 'De (dia em UTC)' }).click();
    await page.getByRole('dialog').getByRole('button', { name: /^1 / }).first().click();
    await expect(page).toHaveURL(/from=\d{4}-\d\d-01$/);
    const from = new URL(page.url()).searchParams.get('from') ?? '';
    await expect(page.getByRole('button', { name: 'De (dia em UTC)' })).toHaveText(day(from));
    await expect.poll(async () => (await column(table(page), 0)).length).toBeGreaterThan(0);
  });

  test('Detalhes: legíveis; Baixar CSV: o que a API responde aos mesmos filtros', async ({ page, temporary }) => {
    const tenant = await temporary.create({ name: uniqueName('auditado'), segment: 'Turismo' });
    await open(page, `?tenant=${tenant.id}&type=tenant_created`);
    await expect(page.getByRole('combobox', { name: 'Tenant' })).toHaveValue(tenant.name);
    await expect.poll(() => column(table(page), 1)).toEqual(['Tenant criado']);
    await table(page).getByText('Detalhes').last().click();
    await expect(table(page).locator('details')).toContainText(/Antes–.*Depois.*CNPJ.*Segmento ?Turismo/s);
    await expectCsv(page, 'admin', 'auditoria.csv', `/internal/audit?event_type=tenant_created&tenant_id=${tenant.id}`);
    await table(page)
      .getByRole('link', { name: userOf('admin').sub })
      .click();
    await expect(page.getByLabel('Pessoa (sub)')).toHaveValue(userOf('admin').sub);
  });
});

test.describe('Buscar', () => {
  const box = (page: Page) => page.getByPlaceholder('Página, agente ou ação');
  const open = async (page: Page, persona: Persona) => {
    await signIn(page, persona);
    await page.goto(`${COMPANY}/operations`);
    await settled(page);
    await page.keyboard.press('Control+k');
  };

  test('Buscar: acha tenants por nome sem acento e por CNPJ', async ({ page }) => {
    const { tenants } = await api<Tenants>('suporte', '/internal/tenants?search=Clinica Sao Lucas');
    const [{ name, cnpj } = { name: '', cnpj: '' }] = tenants;
    for (const written of ['CLINICA SAO LUCAS', cnpj, cnpj.replaceAll(/\D/g, '')]) {
      await open(page, 'suporte');
      await box(page).fill(written);
      await page.getByRole('dialog').getByRole('button', { name }).click();
      await expect(page).toHaveURL(at(`${COMPANY}/tenants/${TENANT_B}`));
      await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
    }
  });

  test('Buscar: acha comandos, e abre o seu formulário', async ({ page }) => {
    await open(page, 'suporte');
    await box(page).fill('reiniciar');
    await page.getByRole('dialog').getByRole('button', { name: 'Reiniciar agente' }).click();
    await expect(page).toHaveURL(at(`${COMPANY}/operations?type=RESTART_AGENT`));
    await expect(
      page.getByRole('form', { name: 'Executar comando' }).getByRole('combobox', { name: 'Comando' }),
    ).toHaveValue('Reiniciar agente');
  });
});
