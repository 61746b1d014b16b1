/** How the internal team comes to the dashboard of a company. */
import { api, expect, settled, signIn, stack, TENANT_A, TENANT_B, test } from './fixtures.ts';
import { cells, column, integer } from './written.ts';

interface Tenant {
  id: string;
  name: string;
  cnpj: string;
  plan: string;
  active_agents: number;
  requests_last_30_days: number;
}

const PAGE_SIZE = 10;
const at = (path: string) => new URL(path, stack.web_url).href;
const tenants = (query: string) =>
  api<{ total: number; tenants: Tenant[] }>('admin', `/internal/tenants?sort_by=name&sort_order=asc&${query}`);
const B = tenants('search=Clínica São Lucas').then(({ tenants: [tenant] }) => tenant as Tenant);

test('De qual empresa?: as empresas, com os números da API', async ({ page }) => {
  await signIn(page, 'admin');
  await page.goto('/app/dashboard');
  const { tenants: first, total } = await tenants(`limit=${PAGE_SIZE}`);
  const table = page.getByRole('table', { name: 'Empresas' });
  await expect.poll(() => column(table, 0)).toEqual(first.map(({ name }) => name));
  expect((await cells(table)).map(([, cnpj, plan, , agents, requests]) => [cnpj, plan, agents, requests])).toEqual(
    first.map((tenant) => [
      tenant.cnpj,
      tenant.plan,
      integer(tenant.active_agents),
      integer(tenant.requests_last_30_days),
    ]),
  );
  await expect(page.getByRole('status').filter({ hasText: `1–${PAGE_SIZE} de ${total}` })).toBeVisible();
});

test('Buscar por nome ou CNPJ: sem acento nem maiúsculas, com ou sem pontuação, e fica no endereço', async ({
  page,
}) => {
  const { name, cnpj, id } = await B;
  expect(id).toBe(TENANT_B);
  await signIn(page, 'suporte');
  await page.goto('/app/dashboard?page=2');
  const search = page.getByLabel('Buscar por nome ou CNPJ');
  const table = page.getByRole('table', { name: 'Empresas' });
  await search.fill('CLINICA SAO LUC');
  await expect.poll(() => column(table, 0)).toEqual([name]);
  await expect(page).toHaveURL(at('/app/dashboard?search=CLINICA+SAO+LUC'));
  for (const written of [cnpj, cnpj.replaceAll(/\D/g, '')]) {
    await search.fill('');
    await expect.poll(() => column(table, 0)).toHaveLength(PAGE_SIZE);
    await search.fill(written);
    await expect.poll(() => column(table, 0)).toEqual([name]);
  }
  await page.reload();
  await expect(search).toHaveValue(cnpj.replaceAll(/\D/g, ''));
  await expect.poll(() => column(table, 0)).toEqual([name]);
  await search.fill('nenhuma com este nome');
  await expect(page.getByText('Nenhuma empresa encontrada')).toBeVisible();
});

test('Próxima página, Página anterior: as páginas ficam no endereço e no botão de voltar', async ({ page }) => {
  const { total } = await tenants('limit=1');
  const last = Math.ceil(total / PAGE_SIZE);
  const names = async (index: number) =>
    (await tenants(`limit=${PAGE_SIZE}&offset=${(index - 1) * PAGE_SIZE}`)).tenants.map(({ name }) => name);
  await signIn(page, 'admin');
  await page.goto('/app/dashboard');
  const table = page.getByRole('table', { name: 'Empresas' });
  await page.getByRole('button', { name: 'Próxima página' }).click();
  await expect(page).toHaveURL(at('/app/dashboard?page=2'));
  await expect.poll(() => column(table, 0)).toEqual(await names(2));
  await page.getByRole('button', { name: `Página ${last}` }).click();
  await expect.poll(() => column(table, 0)).toEqual(await names(last));
  await page.getByRole('button', { name: 'Página anterior' }).click();
  await expect(page).toHaveURL(at(`/app/dashboard?page=${last - 1}`));
  await page.goBack();
  await page.goBack();
  await expect(page).toHaveURL(at('/app/dashboard?page=2'));
  await expect.poll(() => column(table, 0)).toEqual(await names(2));
});

test('Você vê o painel de …: abrir uma empresa, andar por ela e Trocar de empresa', async ({ page }) => {
  const { name } = await B;
  await signIn(page, 'admin');
  await page.goto('/app/dashboard?search=sao lucas');
  await page.getByRole('link', { name }).click();
  await expect(page).toHaveURL(at(`/app/dashboard?tenant_id=${TENANT_B}`));
  const banner = page.getByRole('status').filter({ hasText: `Você vê o painel de ${name} como a equipe interna.` });
  await expect(banner).toBeVisible();
  await page.getByRole('link', { name: /^Agentes Ativos/ }).click();
  await expect(page).toHaveURL(at(`/app/dashboard/agents?status=active&tenant_id=${TENANT_B}`));
  await expect(banner).toBeVisible();
  const { agents } = await api<{ agents: { name: string }[] }>(
    'admin',
    `/tenant/agents?status=active&tenant_id=${TENANT_B}`,
  );
  await expect(page.getByRole('table', { name: 'Agentes' }).getByRole('link')).toHaveCount(agents.length);
  await page.getByRole('link', { name: 'Trocar de empresa' }).click();
  await expect(page).toHaveURL(at('/app/dashboard'));
});

test('De qual empresa?: sem empresa escolhida, escolhe-se, e fica-se na página pedida', async ({ page }) => {
  const { name } = await B;
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await signIn(page, 'suporte');
  await page.goto('/app/dashboard/usage?period=7d');
  await expect(page.getByRole('heading', { level: 1, name: 'De qual empresa?' })).toBeVisible();
  await settled(page);
  expect(asked.filter((url) => url.includes('/api/tenant/'))).toEqual([]);
  await page.getByLabel('Buscar por nome ou CNPJ').fill('sao lucas');
  await page.getByRole('link', { name }).click();
  await expect(page).toHaveURL(at(`/app/dashboard/usage?period=7d&tenant_id=${TENANT_B}`));
  await expect(page.getByRole('heading', { level: 1, name: 'Uso' })).toBeVisible();
});

test('Você vê o painel de …: quem é da empresa não o lê', async ({ page }) => {
  await signIn(page, 'gestora');
  await page.goto(`/app/dashboard?tenant_id=${TENANT_A}`);
  await settled(page);
  await expect(page.getByText('Você vê o painel de')).toHaveCount(0);
});
