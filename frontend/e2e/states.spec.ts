/** When data isn't there: not yet, not any more, not now, or none. */
import type { BrowserContext, Route } from '@playwright/test';
import type { TenantUsage } from '../src/api/generated';
import { api, askAgain, expect, expectAccessible, hold, settled, signIn, test } from './fixtures.ts';
import { PLACES, titleOf } from './pages.ts';
import { integer } from './written.ts';

const API = '**/api/{tenant,internal}/**';
const USAGE = '**/api/tenant/usage**';

const COMPANY = PLACES.filter(({ path }) => path.startsWith('/app/company'));

/** An answer of the API's error contract. */
const failing =
  (status: number, headers: Record<string, string> = {}) =>
  (route: Route) =>
    route.fulfill({
      status,
      headers,
      contentType: 'application/problem+json',
      json: { title: 'x', status, code: status === 429 ? 'rate_limited' : 'internal', request_id: `req-${status}` },
    });

test.describe('A API falha', () => {
  test('Código para o suporte e Copiar: um 500 diz o código do pedido; Tentar de novo traz os dados', async ({
    page,
    context,
    problems,
  }) => {
    problems.expect(/^500 GET \/api\/tenant\/usage/);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.route(USAGE, failing(500));
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard/usage');
    const state = page.getByRole('main').getByRole('alert').filter({ hasText: 'Não foi possível carregar' });
    await expect(state).toContainText('Código para o suporte: req-500');
    await expectAccessible(page);
    await state.getByRole('button', { name: 'Copiar' }).click();
    await expect(state.getByRole('button', { name: 'Copiado' })).toBeVisible();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('req-500');
    await page.unroute(USAGE);
    await state.getByRole('button', { name: 'Tentar de novo' }).click();
    await expect(page.locator('dl')).toBeVisible();
    await expect(state).toHaveCount(0);
  });

  test('Não foi possível carregar: só a parte que falhou; o resto da página fica', async ({ page, problems }) => {
    problems.expect(/^503 GET \/api\/tenant\/incidents/);
    await page.route('**/api/tenant/incidents**', failing(503));
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard');
    const panel = page.getByRole('region', { name: 'Incidentes recentes' });
    await expect(panel.getByRole('alert')).toContainText('Não foi possível carregar');
    await expect(page.getByRole('main').getByRole('alert')).toHaveCount(1);
    await expect(page.getByRole('link', { name: /^Taxa de Sucesso/ })).toBeVisible();
  });

  test('Não foi possível carregar: sem resposta nenhuma, e a página volta sozinha', async ({ page, problems }) => {
    problems.expect(/^failed GET \/api\/tenant\//);
    await page.route(API, (route) => route.abort('connectionrefused'));
    await page.clock.install();
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard/agents');
    const state = page.getByRole('main').getByRole('alert').filter({ hasText: 'Não foi possível carregar' });
    await expect(state).toBeVisible();
    await page.unroute(API);
    await page.clock.fastForward(15_000);
    await expect(page.getByRole('table', { name: 'Agentes' })).toBeVisible();
    await expect(state).toHaveCount(0);
  });

  test('Os últimos dados recebidos: ficam, com aviso, até que Atualizar traga novos', async ({ page, problems }) => {
    problems.expect(/^503 GET \/api\/tenant\/usage/);
    const { summary } = await api<TenantUsage>('gestora', '/tenant/usage?period=30d');
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard/usage');
    const numbers = page.locator('dl').getByText(integer(summary.total_requests), { exact: true });
    await expect(numbers).toBeVisible();
    await settled(page);
    await page.route(USAGE, failing(503));
    await askAgain(page);
    const notice = page.getByRole('status').filter({ hasText: 'Estes são os últimos dados recebidos' });
    await expect(notice).toContainText('req-503');
    await expect(numbers).toBeVisible();
    await expectAccessible(page);
    await page.unroute(USAGE);
    await notice.getByRole('button', { name: 'Atualizar' }).click();
    await expect(notice).toHaveCount(0);
    await expect(numbers).toBeVisible();
  });
});

test.describe('Muitas requisições', () => {
  test('Muitas requisições: um 429 com espera longa o diz logo, e os dados voltam sozinhos', async ({
    page,
    problems,
  }) => {
    problems.expect(/^429 GET \/api\/tenant\/agents/);
    let asked = 0;
    await page.route('**/api/tenant/agents**', (route) => {
      asked += 1;
      return failing(429, { 'Retry-After': '30' })(route);
    });
    await page.clock.install();
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard/agents');
    await expect(page.getByRole('main').getByRole('alert')).toContainText('Muitas requisições');
    await expectAccessible(page);
    await page.clock.fastForward(25_000);
    expect(asked).toBe(1);
    await page.unroute('**/api/tenant/agents**');
    await page.clock.fastForward(5_000);
    await expect(page.getByRole('table', { name: 'Agentes' })).toBeVisible();
    await expect(page.getByRole('main').getByRole('alert')).toHaveCount(0);
  });

  test('Muitas requisições: uma espera curta passa sem que ninguém note', async ({ page, problems }) => {
    problems.expect(/^429 GET \/api\/tenant\/agents/);
    await page.route('**/api/tenant/agents**', failing(429, { 'Retry-After': '1' }), { times: 1 });
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard/agents');
    await expect(page.getByRole('table', { name: 'Agentes' })).toBeVisible();
  });
});

test.describe('Sem conexão', () => {
  test('Sem conexão: diz isso, mostra o que já tem, e continua quando volta', async ({ page, context, problems }) => {
    problems.expect(/^failed GET .*ERR_INTERNET_DISCONNECTED/);
    await signIn(page, 'gestora');
    await page.goto('/app/dashboard');
    await expect(page.getByRole('link', { name: /^Requisições \(30d\)/ })).toBeVisible();
    await settled(page);
    await context.setOffline(true);
    const banner = page.getByRole('status').filter({ hasText: 'Você está sem conexão' });
    await expect(banner).toBeVisible();
    await expect(page.getByRole('link', { name: /^Requisições \(30d\)/ })).toBeVisible();
    await page.getByRole('radiogroup', { name: 'Período' }).getByText('7 dias').click();
    const state = page
      .getByRole('main')
      .getByRole('alert')
      .filter({ hasText: 'Os dados aparecem assim que a conexão voltar' });
    await expect(state.first()).toBeVisible();
    await expect(page.getByRole('region', { name: 'Limites do plano' }).getByRole('progressbar')).toHaveCount(3);
    await expectAccessible(page);
    await context.setOffline(false);
    await expect(page.getByRole('link', { name: /^Requisições \(7d\)/ })).toBeVisible();
    await expect(state).toHaveCount(0);
    await expect(banner).toHaveCount(0);
  });
});

test.describe('Nada a mostrar', () => {
  /** The API's answers, with nothing in them. */
  async function emptied(context: BrowserContext): Promise<void> {
    await context.route(API, async (route) => {
      const answer = await route.fetch();
      const zero = (value: unknown): unknown => {
        if (Array.isArray(value)) return [];
        if (typeof value === 'number') return 0;
        if (typeof value !== 'object' || value === null) return value;
        return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, zero(inner)]));
      };
      return route.fulfill({ response: answer, json: zero(await answer.json()) });
    });
  }

  const empty: [string, string[]][] = [
    [
      '/app/dashboard',
      ['Nenhum agente contratado', 'Nenhuma integração configurada', 'Nenhum incidente registrado', 'Não resta nada'],
    ],
    ['/app/dashboard/agents', ['Nenhum agente contratado']],
    ['/app/dashboard/agents?status=active', ['Nenhum agente ativo']],
    ['/app/dashboard/agents?status=inactive', ['Nenhum agente inativo']],
    ['/app/dashboard/fibonacci', ['Nenhum agente contratado']],
    ['/app/dashboard/integrations', ['Nenhuma integração configurada']],
    ['/app/dashboard/usage', ['Nenhuma requisição no período']],
    ['/app/dashboard/support', ['Nenhum incidente registrado', 'Fale com o suporte']],
  ];

  test('Nenhum agente, nenhuma integração, nenhum incidente, nenhuma requisição: cada página o diz', async ({
    page,
    context,
  }) => {
    await emptied(context);
    await signIn(page, 'gestora');
    for (const [path, texts] of empty) {
      await page.goto(path);
      for (const text of texts) await expect(page.getByText(text).first()).toBeVisible();
      await settled(page);
      await expect(page.getByText(/NaN|Infinity|undefined|null/)).toHaveCount(0);
      await expectAccessible(page);
    }
  });
});

test.describe('Painel interno', () => {
  for (const place of COMPANY) {
    test(`${titleOf(place)}: diz que não foi possível carregar; Tentar de novo traz os dados`, async ({
      page,
      problems,
    }) => {
      problems.expect(/^500 GET \/api\/internal\//);
      await page.route(API, failing(500));
      await signIn(page, 'admin');
      await page.goto(place.path);
      const state = page.getByRole('main').getByRole('alert').filter({ hasText: 'Não foi possível carregar' });
      await expect(state.first()).toContainText('Código para o suporte: req-500');
      await settled(page);
      await expectAccessible(page);
      await page.unroute(API);
      // A part that asks again by itself meanwhile is as good.
      const again = page.getByRole('main').getByRole('button', { name: 'Tentar de novo' });
      await expect(async () => {
        if ((await again.count()) > 0) await again.first().click({ timeout: 2000 });
        await expect(state).toHaveCount(0, { timeout: 2000 });
      }).toPass();
      for (const text of await place.shows('admin')) {
        await expect(page.getByText(text).filter({ visible: true }).first()).toBeVisible();
      }
    });
  }

  test('Nenhum tenant, agente, integração, incidente, comando, registro: cada lista o diz', async ({
    page,
    problems,
  }) => {
    // A filter that somebody typed into the address looks for the tenant's name.
    problems.expect(/^404 GET \/api\/internal\/tenants\/0/);
    const nobody = '00000000-0000-4000-8000-000000000000';
    await signIn(page, 'admin');
    for (const [path, text] of [
      ['/tenants?search=xyzzy', 'Nenhum tenant encontrado'],
      ['/agents?search=xyzzy', 'Nenhum agente encontrado'],
      ['/integrations?search=xyzzy', 'Nenhuma integração'],
      ['/incidents?severity=critical&state=open', 'Nenhum incidente encontrado'],
      [`/operations?of_tenant=${nobody}`, 'Nenhum comando encontrado'],
      [`/audit?person=${nobody}`, 'Nenhum registro encontrado'],
    ]) {
      await page.goto(`/app/company${path}`);
      await expect(page.getByText(text ?? '').first()).toBeVisible();
      await settled(page);
      await expectAccessible(page);
    }
  });
});

test.describe('API lenta', () => {
  const slow = [
    ...['', '/agents', '/fibonacci', '/integrations', '/usage', '/support'].map((path) => `/app/dashboard${path}`),
    // Whose title is the tenant's name, of which nothing is known before.
    ...COMPANY.map(({ path }) => path).filter((path) => !path.includes('/tenants/')),
  ];
  for (const path of slow) {
    test(`${path}: o título já está lá, e não se move quando os dados chegam`, async ({ page }) => {
      const release = await hold(page, API);
      await signIn(page, path.startsWith('/app/company') ? 'admin' : 'gestora');
      await page.goto(path);
      const title = page.getByRole('heading', { level: 1 });
      await expect(title).toBeVisible();
      await expect(page.locator('.mantine-Skeleton-root').first()).toBeVisible();
      await expectAccessible(page);
      const place = async () => {
        const { x, y } = (await title.boundingBox()) ?? {};
        return { x, y };
      };
      const before = await place();
      release();
      await settled(page);
      await expect(page.locator('.mantine-Skeleton-root')).toHaveCount(0);
      expect(await place()).toEqual(before);
    });
  }
});
