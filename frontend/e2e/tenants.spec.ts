/** Tenants: the list, one of them, and what people do to it, together and apart. */
import type { Locator, Page } from '@playwright/test';
import type {
  AuditLog,
  BillingOverview,
  InternalIncidents,
  InternalIntegrations,
  ManagedAgents,
  TenantDetails,
  Tenants,
} from '../src/api/generated';
import { choose, expectCsv } from './controls.ts';
import { api, expect, expectAccessible, settled, signIn, stack, TENANT_A, TENANT_B, userOf } from './fixtures.ts';
import { changeTenant, newCnpj, test, uniqueName } from './temporary.ts';
import { cells, column, instant, integer, money, percent } from './written.ts';

const TENANTS = '/app/company/tenants';
const PAGE_SIZE = 20;

const at = (path: string) => new URL(path, stack.web_url).href;
const main = (page: Page) => page.getByRole('main');
const table = (page: Page) => page.getByRole('table', { name: 'Tenants' });
const list = async (query: string) =>
  (await api<Tenants>('admin', `/internal/tenants?limit=${PAGE_SIZE}&${query}`)).tenants;
const details = (id: string) => api<TenantDetails>('admin', `/internal/tenants/${id}`);

/** The rows of a list as the API answers it. */
async function rowsOf(query: string): Promise<string[][]> {
  return (await list(query)).map((tenant) => [
    `${tenant.name}${tenant.cnpj}`,
    tenant.segment ?? '–',
    tenant.plan,
    { active: 'Ativo', inactive: 'Inativo', suspended: 'Suspenso' }[tenant.status] ?? tenant.status,
    money(tenant.mrr_estimate),
    integer(tenant.active_agents),
    integer(tenant.requests_last_30_days),
  ]);
}

const shown = async (page: Page) => (await cells(table(page))).map((row) => row.slice(0, 7));
const expectRows = async (page: Page, query: string) => expect.poll(() => shown(page)).toEqual(await rowsOf(query));

test.describe('Lista', () => {
  test('Status, Plano e Segmento: filtram a lista, ficam no endereço, e o CSV os segue', async ({ page }) => {
    await signIn(page, 'suporte');
    await page.goto(TENANTS);
    await expect(page.getByRole('combobox', { name: 'Status' })).toHaveValue('Ativos');
    await expectRows(page, 'status=active&sort_by=name&sort_order=asc');
    await choose(main(page), 'Segmento', 'Saúde');
    await expectRows(page, 'status=active&segment=Saúde&sort_by=name&sort_order=asc');
    await choose(main(page), 'Plano', 'enterprise');
    await expectRows(page, 'status=active&segment=Saúde&plan=enterprise&sort_by=name&sort_order=asc');
    await main(page).getByRole('button', { name: 'Limpar Plano' }).click();
    await main(page).getByRole('button', { name: 'Limpar Status' }).click();
    await expectRows(page, 'status=all&segment=Saúde&sort_by=name&sort_order=asc');
    await expect(page).toHaveURL(at(`${TENANTS}?segment=Sa%C3%BAde&status=all`));
    await expectCsv(
      page,
      'suporte',
      'tenants.csv',
      '/internal/tenants?status=all&segment=Saúde&sort_by=name&sort_order=asc',
    );
    await page.reload();
    await expectRows(page, 'status=all&segment=Saúde&sort_by=name&sort_order=asc');
    await page.goBack();
    await expectRows(page, 'status=active&segment=Saúde&sort_by=name&sort_order=asc');
  });

  test('Buscar por nome ou CNPJ: sem acento, e combina com os filtros', async ({ page }) => {
    const { tenant } = await details(TENANT_B);
    await signIn(page, 'suporte');
    await page.goto(TENANTS);
    const search = page.getByLabel('Buscar por nome ou CNPJ');
    for (const written of ['CLINICA SAO LUC', tenant.cnpj, tenant.cnpj.replaceAll(/\D/g, '')]) {
      await search.fill(written);
      await expect.poll(() => column(table(page), 0)).toEqual([`${tenant.name}${tenant.cnpj}`]);
    }
    await choose(main(page), 'Status', 'Suspensos');
    await expect(page.getByText('Nenhum tenant encontrado')).toBeVisible();
  });

  test('Nome e MRR: cada coluna ordena, nos dois sentidos, e fica no endereço', async ({ page }) => {
    await signIn(page, 'suporte');
    await page.goto(`${TENANTS}?segment=Saúde`);
    for (const [name, key, directions] of [
      ['MRR', 'mrr_estimate', ['asc', 'desc']],
      // A direction stays when another column is chosen.
      ['Nome', 'name', ['desc', 'asc']],
    ] as const) {
      const head = table(page).getByRole('button', { name: new RegExp(`^${name}`) });
      for (const direction of directions) {
        await head.click();
        await expectRows(page, `status=active&segment=Saúde&sort_by=${key}&sort_order=${direction}`);
      }
    }
    await page.goBack();
    await expectRows(page, 'status=active&segment=Saúde&sort_by=name&sort_order=desc');
  });

  test('Próxima página: página por página, e fica no endereço', async ({ page }) => {
    await signIn(page, 'suporte');
    await page.goto(TENANTS);
    await expectRows(page, 'status=active&sort_by=name&sort_order=asc');
    await page.getByRole('button', { name: 'Próxima página' }).click();
    await expect(page).toHaveURL(at(`${TENANTS}?page=2`));
    await expectRows(page, `status=active&sort_by=name&sort_order=asc&offset=${PAGE_SIZE}`);
    await expect(page.getByRole('status').filter({ hasText: /^21–40 de \d+$/ })).toBeVisible();
    await choose(main(page), 'Plano', 'enterprise');
    await expect(page).toHaveURL(at(`${TENANTS}?plan=enterprise`));
  });

  test('Adicionar Tenant e Editar: só para INTERNAL_ADMIN', async ({ page }) => {
    await signIn(page, 'suporte');
    await page.goto(TENANTS);
    await expect(table(page)).toBeVisible();
    await expect(page.getByRole('button', { name: 'Adicionar Tenant' })).toHaveCount(0);
    await page.goto(`${TENANTS}/${TENANT_A}`);
    await expect(page.getByRole('link', { name: 'Ver como cliente' })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Editar' })).toHaveCount(0);
  });
});

/** What Financeiro says, by its labels. */
async function financial(page: Page): Promise<Record<string, string>> {
  await page.goto('/app/company/billing?period=7d');
  await expect(page.getByText('MRR médio por tenant')).toBeVisible();
  return page
    .locator('main > div dl')
    .first()
    .evaluate((figures) =>
      Object.fromEntries(
        [...figures.querySelectorAll(':scope > div')].map((figure) => [
          figure.querySelector('dt')?.textContent ?? '',
          (figure.querySelector('dd > span')?.textContent ?? '').replaceAll(/\s/g, ' '),
        ]),
      ),
    );
}

const billing = async () =>
  (await api<BillingOverview>('admin', '/internal/billing/overview?period=7d')).financial_summary;
const cents = (amount: number) => Math.round(100 * amount);

/** Fails unless Financeiro says what the API does. */
async function expectFinancial(page: Page) {
  const summary = await billing();
  expect(await financial(page)).toMatchObject({
    MRR: money(summary.total_mrr),
    'Novo MRR': money(summary.new_mrr_this_period),
    'MRR perdido': money(summary.churned_mrr_this_period),
    Expansão: money(summary.expansion_mrr_this_period),
  });
  return summary;
}

test.describe('MRR', () => {
  // Two that move it at once would each see the other's.
  test.describe.configure({ mode: 'serial' });

  test('Adicionar Tenant: achado sem acento, editado, suspenso; seu MRR em Financeiro e sua trilha em Auditoria', async ({
    page,
    problems,
    temporary,
  }) => {
    test.slow();
    problems.expect(/^409 POST \/api\/internal\/tenants$/);
    const name = uniqueName('Ação');
    const cnpj = newCnpj();
    const { tenant: known } = await details(TENANT_B);
    await signIn(page, 'admin');
    const expectMoney = () => expectFinancial(page);
    const before = await expectMoney();

    await page.goto(TENANTS);
    await page.getByRole('button', { name: 'Adicionar Tenant' }).click();
    const dialog = page.getByRole('dialog', { name: 'Adicionar Tenant' });
    const form = dialog.getByRole('form', { name: 'Adicionar tenant' });
    const save = dialog.getByRole('button', { name: 'Salvar' });
    await dialog.getByRole('button', { name: 'Cancelar' }).click();
    await expect(dialog).toBeHidden();
    await page.getByRole('button', { name: 'Adicionar Tenant' }).click();
    await save.click();
    await expect(form.getByText('Preencha este campo')).toHaveCount(2);
    await expectAccessible(page);
    await form.getByLabel('Nome').fill(name);
    await form.getByLabel('CNPJ').fill('11.222.333/0001-00');
    await choose(form, 'Plano', 'starter');
    await form.getByLabel('MRR (R$ por mês)').fill('90,50');
    await save.click();
    await expect(form.getByText('Este CNPJ não é válido: confira os dígitos')).toBeVisible();
    await form.getByLabel('CNPJ').fill(known.cnpj);
    await save.click();
    await expect(form.getByText('Já existe um tenant com este CNPJ')).toBeVisible();
    await form.getByLabel('CNPJ').fill(cnpj.replaceAll(/\D/g, ''));
    await expect(form.getByLabel('CNPJ')).toHaveValue(cnpj);
    await save.click();
    await expect(page.getByText(`${name} foi adicionado.`)).toBeVisible();
    await expect(dialog).toBeHidden();

    await page
      .getByLabel('Buscar por nome ou CNPJ')
      .fill(name.normalize('NFD').replaceAll(/\p{M}/gu, '').toUpperCase());
    await expect.poll(() => shown(page)).toEqual([[`${name}${cnpj}`, '–', 'starter', 'Ativo', money(90.5), '0', '0']]);
    await table(page).getByRole('link', { name, exact: true }).click();
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
    const id = page.url().split('/').at(-1) ?? '';
    temporary.adopt(id);

    const added = await expectMoney();
    expect(cents(added.total_mrr) - cents(before.total_mrr)).toBe(90_50);
    expect(cents(added.new_mrr_this_period) - cents(before.new_mrr_this_period)).toBe(90_50);
    expect(added.new_tenants).toBeGreaterThan(before.new_tenants);

    const edit = async (change: (form: Locator) => Promise<void>) => {
      await page.goto(`${TENANTS}/${id}`);
      await page.getByRole('button', { name: 'Editar' }).click();
      const editing = page.getByRole('dialog', { name: `Editar ${name}` });
      await change(editing.getByRole('form', { name: 'Editar tenant' }));
      await editing.getByRole('button', { name: 'Salvar' }).click();
      await expect(page.getByText(`${name} foi alterado.`)).toBeVisible();
      await expect(editing).toBeHidden();
    };
    await edit(async (form) => {
      await choose(form, 'Plano', 'professional');
      await choose(form, 'Segmento', 'Turismo');
      await form.getByLabel('MRR (R$ por mês)').fill('190,50');
    });
    await expect(main(page)).toContainText('plano professional');
    await expect(main(page)).toContainText(money(190.5));
    const raised = await expectMoney();
    expect(cents(raised.total_mrr) - cents(added.total_mrr)).toBe(100_00);
    expect(cents(raised.new_mrr_this_period) - cents(before.new_mrr_this_period)).toBe(190_50);

    await edit((form) => choose(form, 'Status', 'Suspenso'));
    await expect(main(page).getByText('Suspenso')).toBeVisible();
    expect((await details(id)).tenant.status).toBe('suspended');
    const suspended = await expectMoney();
    expect(cents(suspended.total_mrr)).toBe(cents(before.total_mrr));

    await page.goto(`/app/company/audit?tenant=${id}`);
    const trail = page.getByRole('table', { name: 'Auditoria' });
    await expect
      .poll(async () => (await column(trail, 1)).filter((what) => what === 'Tenant alterado'))
      .toHaveLength(2);
    expect(await column(trail, 1)).toContain('Tenant criado');
    const changes = trail.getByRole('row').filter({ hasText: 'Tenant alterado' });
    await changes.first().getByText('Detalhes').click();
    await expect(changes.first()).toContainText(/Antes.*Status.*active.*Depois.*Status.*suspended/s);
    await changes.last().getByText('Detalhes').click();
    await expect(changes.last()).toContainText(/Antes.*starter.*Depois.*professional/s);
    await expect(changes.last().getByRole('link', { name: userOf('admin').sub })).toBeVisible();
  });

  test('Expansão e MRR perdido: o que um tenant antigo passa a pagar, e deixa de pagar', async ({
    page,
    temporary,
  }) => {
    const { id } = await temporary.createOld(uniqueName('antigo'), 90.5);
    await signIn(page, 'admin');
    const before = await expectFinancial(page);
    await changeTenant(id, { mrr_estimate: 190.5 });
    const raised = await expectFinancial(page);
    expect(cents(raised.expansion_mrr_this_period) - cents(before.expansion_mrr_this_period)).toBe(100_00);
    await changeTenant(id, { status: 'suspended' });
    const suspended = await expectFinancial(page);
    expect(cents(suspended.churned_mrr_this_period) - cents(before.churned_mrr_this_period)).toBe(90_50);
    expect(suspended.churned_tenants - before.churned_tenants).toBe(1);
    expect(cents(suspended.total_mrr) - cents(before.total_mrr)).toBe(-90_50);
  });
});

test.describe('Duas pessoas alteram o mesmo tenant', () => {
  /** Two people open the form; the second to save learns what the first changed. */
  async function both(page: Page, other: Page, id: string, name: string): Promise<Locator> {
    const [mine, theirs] = await Promise.all(
      [page, other].map(async (one) => {
        await one.goto(`${TENANTS}/${id}`);
        await one.getByRole('button', { name: 'Editar' }).click();
        const dialog = one.getByRole('dialog', { name: `Editar ${name}` });
        await expect(dialog.getByLabel('Nome')).toHaveValue(name);
        return dialog;
      }),
    );
    if (!mine || !theirs) throw new Error('there are two');
    await choose(theirs, 'Plano', 'professional');
    await theirs.getByRole('button', { name: 'Salvar' }).click();
    await expect(theirs).toBeHidden();
    await choose(mine, 'Segmento', 'Turismo');
    await mine.getByRole('button', { name: 'Salvar' }).click();
    const notice = mine.getByRole('alert').filter({ hasText: 'Outra pessoa alterou este tenant' });
    await expect(notice.getByRole('listitem')).toHaveText(['Plano: professional']);
    await expect(mine.getByRole('button', { name: 'Salvar' })).toBeDisabled();
    await expectAccessible(page);
    expect((await details(id)).tenant).toMatchObject({ plan: 'professional', segment: null });
    return mine;
  }

  for (const [button, segment] of [
    ['Manter as minhas alterações', 'Turismo'],
    ['Descartar as minhas alterações', null],
  ] as const) {
    test(`${button}: o que a outra pessoa salvou não se perde`, async ({ page, browser, problems, temporary }) => {
      problems.expect(/^412 PATCH \/api\/internal\/tenants\//);
      const { id, name } = await temporary.create({ name: uniqueName('conflito') });
      const context = await browser.newContext({ baseURL: stack.web_url, locale: 'pt-BR' });
      problems.watch(context);
      const other = await context.newPage();
      await signIn(page, 'admin');
      await signIn(other, 'admin');
      const dialog = await both(page, other, id, name);
      await dialog.getByRole('button', { name: button }).click();
      await expect(dialog.getByRole('combobox', { name: 'Plano' })).toHaveValue('professional');
      await expect(dialog.getByRole('combobox', { name: 'Segmento' })).toHaveValue(segment ?? '');
      await dialog.getByRole('button', { name: 'Salvar' }).click();
      await expect(dialog).toBeHidden();
      expect((await details(id)).tenant).toMatchObject({ plan: 'professional', segment });
      await context.close();
    });
  }
});

test.describe('Um tenant', () => {
  const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true });

  test('Resumo, Agentes, Usuários, Integrações, Incidentes: o que a API sabe dele', async ({ page }) => {
    const { tenant, users, usage_summary: usage, agents } = await details(TENANT_A);
    await signIn(page, 'suporte');
    await page.goto(`${TENANTS}/${TENANT_A}`);
    await expect(page.getByRole('tab')).toHaveText(['Resumo', 'Agentes', 'Usuários', 'Integrações', 'Incidentes']);
    const figures = page.getByRole('tabpanel').locator('dl').first();
    for (const figure of [
      `MRR${money(tenant.mrr_estimate)}plano ${tenant.plan}`,
      `Agentes ativos${agents.filter(({ status }) => status === 'active').length}de ${tenant.limits.max_agents} do plano`,
      `Requisições (30d)${integer(usage.requests_last_30_days)}`,
      `Taxa de sucesso${percent(usage.success_rate_last_30_days)}`,
    ]) {
      await expect(figures).toContainText(figure);
    }
    await expect(page.getByRole('region', { name: 'Cadastro' })).toContainText(instant(tenant.updated_at));

    await tab(page, 'Agentes').click();
    await expect(page).toHaveURL(at(`${TENANTS}/${TENANT_A}?tab=agents`));
    const managed = (await api<ManagedAgents>('suporte', `/internal/tenants/${TENANT_A}/agents`)).agents;
    await expect
      .poll(async () =>
        (await cells(page.getByRole('table', { name: 'Agentes do tenant' }))).map((row) => row.slice(0, 5)),
      )
      .toEqual(
        managed.map(({ name, status, segment, usage_stats }) => [
          name,
          { active: 'Ativo', inactive: 'Inativo', suspended: 'Suspenso' }[status] ?? status,
          segment ?? '–',
          integer(usage_stats.total_requests),
          percent(usage_stats.success_rate),
        ]),
      );

    await tab(page, 'Usuários').click();
    await expect
      .poll(() => cells(page.getByRole('table', { name: 'Usuários' })))
      .toEqual(
        users.map((user) => [
          user.full_name ?? '–',
          user.email,
          user.role,
          user.disabled_at ? 'Desativado' : 'Ativo',
          user.last_login_at ? instant(user.last_login_at) : '–',
        ]),
      );

    await tab(page, 'Integrações').click();
    const path = `tenant_id=${TENANT_A}&limit=10`;
    const { integrations } = await api<InternalIntegrations>('suporte', `/internal/integrations?${path}`);
    await expect
      .poll(() => column(page.getByRole('table', { name: 'Integrações' }), 1))
      .toEqual(integrations.map(({ name }) => name));

    await tab(page, 'Incidentes').click();
    const { incidents } = await api<InternalIncidents>('suporte', `/internal/incidents?${path}`);
    await expect(page.getByRole('table', { name: 'Incidentes' }).locator('tbody tr')).toHaveCount(incidents.length);
    await page.goBack();
    await expect(tab(page, 'Integrações')).toHaveAttribute('aria-selected', 'true');
  });

  test('Auditoria: a trilha do tenant, só para INTERNAL_ADMIN', async ({ page }) => {
    await signIn(page, 'admin');
    await page.goto(`${TENANTS}/${TENANT_B}?tab=audit`);
    const trail = page.getByRole('table', { name: 'Auditoria' });
    await expect(trail).toBeVisible();
    const { total } = await api<AuditLog>('admin', `/internal/audit?tenant_id=${TENANT_B}&limit=1`);
    await expect(trail.locator('tbody tr')).toHaveCount(Math.min(total, 10));
  });

  test('Ver como cliente: o painel do tenant, com aviso; a leitura fica registrada', async ({ page, temporary }) => {
    const { id, name } = await temporary.create({ name: uniqueName('visto') });
    const { sub } = userOf('suporte');
    await signIn(page, 'suporte');
    // Of the reads of a tenant within an hour the first is recorded: it shall be this one.
    await page.goto(`${TENANTS}?search=${name}`);
    await page.getByRole('link', { name: `Ver como cliente: ${name}` }).click();
    await expect(page).toHaveURL(at(`/app/dashboard?tenant_id=${id}`));
    await expect(
      page.getByRole('status').filter({ hasText: `Você vê o painel de ${name} como a equipe interna.` }),
    ).toBeVisible();
    const read = async () => {
      const query = `tenant_id=${id}&event_type=tenant_data_read&user_sub=${sub}&limit=20`;
      const { events } = await api<AuditLog>('admin', `/internal/audit?${query}`);
      return events.map(({ metadata }) => String(metadata?.route));
    };
    await expect.poll(read).toContainEqual(expect.stringMatching(/^\/tenant\//));
  });

  test('Operar, Reiniciar e Redefinir token: abrem o comando já preenchido', async ({ page }) => {
    const { tenant, agents, integrations } = await details(TENANT_A);
    const form = page.getByRole('form', { name: 'Executar comando' });
    const field = (name: string) => form.getByRole('combobox', { name, exact: true });
    const agent = agents.find(({ status }) => status !== 'suspended');
    const [integration] = integrations;
    await signIn(page, 'suporte');

    await page.goto(`${TENANTS}/${TENANT_A}`);
    await page.getByRole('link', { name: 'Operar' }).click();
    await expect(field('Tenant')).toHaveValue(tenant.name);

    await page.goto(`${TENANTS}/${TENANT_A}?tab=agents`);
    await page.getByRole('link', { name: `Reiniciar: ${agent?.name}` }).click();
    await expect(field('Comando')).toHaveValue('Reiniciar agente');
    await expect(field('Tenant')).toHaveValue(tenant.name);
    await expect(field('Agente')).toHaveValue(agent?.name ?? '');

    await page.goto(`${TENANTS}/${TENANT_A}?tab=integrations`);
    await page.getByRole('link', { name: `Redefinir token: ${integration?.name}` }).click();
    await expect(field('Comando')).toHaveValue('Redefinir token');
    await expect(field('Tenant')).toHaveValue(tenant.name);
    await expect(field('Integração')).toHaveValue(integration?.name ?? '');
    await settled(page);
  });
});
