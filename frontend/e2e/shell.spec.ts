/** What surrounds every page: navigation, themes, the palette, the account's menu; by mouse and by keyboard. */
import type { Page } from '@playwright/test';
import {
  api,
  expect,
  expectAccessible,
  type Persona,
  settled,
  signIn,
  stack,
  TENANT_A,
  test,
  userOf,
} from './fixtures.ts';

const at = (path: string) => new URL(path, stack.web_url).href;
const sidebar = (page: Page) => page.getByRole('navigation', { name: 'Páginas' });
const title = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true });

async function open(page: Page, persona: Persona, path: string): Promise<void> {
  await signIn(page, persona);
  await page.goto(path);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  // Keys that are pressed before the page listens are lost.
  await settled(page);
}

const TENANT_PAGES: [string, string][] = [
  ['Visão geral', '/app/dashboard'],
  ['Agentes', '/app/dashboard/agents'],
  ['Fibonacci', '/app/dashboard/fibonacci'],
  ['Integrações', '/app/dashboard/integrations'],
  ['Uso', '/app/dashboard/usage'],
  ['Suporte', '/app/dashboard/support'],
];

const INTERNAL_PAGES: [name: string, path: string, heading: string][] = [
  ['Visão geral', '/app/company', 'Painel Operacional AlquimistaAI'],
  ['Tenants', '/app/company/tenants', 'Tenants'],
  ['Agentes', '/app/company/agents', 'Agentes'],
  ['Integrações', '/app/company/integrations', 'Integrações'],
  ['Incidentes', '/app/company/incidents', 'Incidentes'],
  ['Operações', '/app/company/operations', 'Console de Operações'],
  ['Financeiro', '/app/company/billing', 'Financeiro'],
  ['Auditoria', '/app/company/audit', 'Auditoria'],
];

test.describe('Páginas', () => {
  test('Visão geral, Agentes, Fibonacci, Integrações, Uso, Suporte: cada link leva à sua página', async ({ page }) => {
    await open(page, 'gestora', '/app/dashboard');
    await expect(sidebar(page).getByRole('link')).toHaveText([...TENANT_PAGES.map(([name]) => name), 'Ajuda']);
    for (const [name, path] of TENANT_PAGES.toReversed()) {
      const link = sidebar(page).getByRole('link', { name, exact: true });
      await link.click();
      await expect(page).toHaveURL(at(path));
      await expect(title(page, name)).toBeVisible();
      await expect(page).toHaveTitle(`${name} · AlquimistaAI`);
      await expect(link).toHaveAttribute('aria-current', 'page');
      await expect(sidebar(page).locator('[aria-current]')).toHaveCount(1);
    }
  });

  test('Painel interno: só para a equipe interna, e os demais links levam a empresa vista', async ({ page }) => {
    await open(page, 'suporte', `/app/dashboard?tenant_id=${TENANT_A}`);
    await expect(sidebar(page).getByRole('link')).toHaveText([
      'Painel interno',
      ...TENANT_PAGES.map(([name]) => name),
      'Ajuda',
    ]);
    for (const [name, path] of TENANT_PAGES) {
      await expect(sidebar(page).getByRole('link', { name, exact: true })).toHaveAttribute(
        'href',
        `${path}?tenant_id=${TENANT_A}`,
      );
    }
    await sidebar(page).getByRole('link', { name: 'Uso' }).click();
    await expect(page).toHaveURL(at(`/app/dashboard/usage?tenant_id=${TENANT_A}`));
    await expect(page.getByText('Equipe interna', { exact: true })).toHaveCount(0);
    await sidebar(page).getByRole('link', { name: 'Painel interno' }).click();
    await expect(page).toHaveURL(at('/app/company'));
    await expect(page.getByText('Equipe interna', { exact: true })).toBeVisible();
  });

  test('Equipe interna: também se lê em 320 pixels', async ({ page }) => {
    await page.setViewportSize({ width: 320, height: 900 });
    await open(page, 'suporte', '/app/company');
    const badge = page.getByText('Equipe interna', { exact: true });
    await expect(badge).toBeInViewport({ ratio: 1 });
    expect(await badge.evaluate((label) => label.scrollWidth <= label.clientWidth), 'not cut').toBe(true);
  });

  for (const [persona, pages] of [
    ['admin', INTERNAL_PAGES],
    ['suporte', INTERNAL_PAGES.filter(([name]) => !['Financeiro', 'Auditoria'].includes(name))],
  ] as const) {
    test(`Painel interno: ${persona} tem um link para cada página sua, e para nenhuma outra`, async ({ page }) => {
      await open(page, persona, '/app/company');
      await expect(sidebar(page).getByRole('link')).toHaveText([...pages.map(([name]) => name), 'Ajuda']);
      for (const [name, path, heading] of pages.toReversed()) {
        const link = sidebar(page).getByRole('link', { name, exact: true });
        await link.click();
        await expect(page).toHaveURL(at(path));
        await expect(title(page, heading)).toBeVisible();
        await expect(link).toHaveAttribute('aria-current', 'page');
        await expect(sidebar(page).locator('[aria-current]')).toHaveCount(1);
      }
    });
  }

  test('AlquimistaAI: o logotipo leva ao início', async ({ page }) => {
    await open(page, 'balcao', '/app/dashboard/support');
    await page.getByRole('link', { name: 'AlquimistaAI: início' }).click();
    await expect(title(page, 'Visão geral')).toBeVisible();
  });
});

test.describe('Abrir menu', () => {
  test.use({ viewport: { width: 767, height: 900 } });

  test('Abrir menu e Fechar menu: abaixo de 768 px, as páginas vêm quando chamadas', async ({ page }) => {
    await open(page, 'gestora', '/app/dashboard');
    const openMenu = page.getByRole('button', { name: 'Abrir menu' });
    const closeMenu = page.getByRole('button', { name: 'Fechar menu' });
    const link = sidebar(page).getByRole('link', { name: 'Suporte' });
    await expect(link).not.toBeInViewport();
    await openMenu.click();
    await expect(closeMenu).toHaveAttribute('aria-expanded', 'true');
    await expect(link).toBeInViewport();
    await expectAccessible(page);
    await closeMenu.click();
    await expect(openMenu).toHaveAttribute('aria-expanded', 'false');
    await expect(link).not.toBeInViewport();

    await openMenu.click();
    await link.click();
    await expect(title(page, 'Suporte')).toBeVisible();
    await expect(openMenu).toBeVisible();
    await expect(link).not.toBeInViewport();

    await page.setViewportSize({ width: 768, height: 900 });
    await expect(openMenu).toBeHidden();
    await expect(link).toBeInViewport();
  });

  test('Abrir menu: fechado, o teclado não entra nele; Escape o fecha', async ({ page }) => {
    await open(page, 'gestora', '/app/dashboard/support');
    const openMenu = page.getByRole('button', { name: 'Abrir menu' });
    await openMenu.focus();
    for (let step = 0; step < 8; step++) {
      await page.keyboard.press('Tab');
      await expect(page.locator(':focus')).toBeInViewport();
    }
    await openMenu.focus();
    await page.keyboard.press('Enter');
    await expect(sidebar(page).getByRole('link', { name: 'Visão geral' })).toBeInViewport();
    await page.keyboard.press('Escape');
    await expect(openMenu).toBeFocused();
    await expect(sidebar(page).getByRole('link', { name: 'Visão geral' })).not.toBeInViewport();
  });
});

test.describe('Tema', () => {
  const scheme = (page: Page) => page.locator('html').getAttribute('data-mantine-color-scheme');

  test('Usar tema escuro e Usar tema claro: fica depois de recarregar', async ({ page }) => {
    await page.emulateMedia({ colorScheme: 'light' });
    await open(page, 'gestora', '/app/dashboard/support');
    expect(await scheme(page)).toBe('light');
    await page.getByRole('button', { name: 'Usar tema escuro' }).click();
    await expect.poll(() => scheme(page)).toBe('dark');
    await page.reload({ waitUntil: 'commit' });
    // From the first paint on, without a flash of the other.
    await expect.poll(() => scheme(page)).toBe('dark');
    await page.getByRole('button', { name: 'Usar tema claro' }).click();
    await expect.poll(() => scheme(page)).toBe('light');
    await page.reload();
    await expect(page.getByRole('button', { name: 'Usar tema escuro' })).toBeVisible();
  });

  test('Tema: sem escolha, é o do sistema', async ({ page }) => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await open(page, 'gestora', '/app/dashboard/support');
    await expect(page.getByRole('button', { name: 'Usar tema claro' })).toBeVisible();
    expect(await scheme(page)).toBe('dark');
  });
});

test.describe('Buscar', () => {
  const box = (page: Page) => page.getByPlaceholder('Página, agente ou ação');

  test('Buscar: acha páginas sem acento nem maiúsculas, só com o teclado', async ({ page }) => {
    await open(page, 'gestora', '/app/dashboard/support');
    await page.keyboard.press('Control+k');
    await expect(box(page)).toBeFocused();
    await page.keyboard.type('INTEGRACOES');
    await expect(page.getByRole('dialog').getByRole('button')).toHaveText(['Integrações']);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(title(page, 'Integrações')).toBeVisible();
    await expect(box(page)).toBeHidden();
  });

  test('Buscar: acha agentes, e leva ao uso do agente', async ({ page }) => {
    const { agents } = await api<{ agents: { id: string; name: string }[] }>('gestora', '/tenant/agents?status=all');
    const agent = agents.find(({ name }) => /[^\p{ASCII}]/u.test(name));
    if (!agent) throw new Error('no agent has an accent');
    await open(page, 'gestora', '/app/dashboard');
    await page.getByRole('button', { name: /^Buscar/ }).click();
    await box(page).fill(agent.name.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase());
    await page.getByRole('dialog').getByRole('button', { name: agent.name }).click();
    await expect(page).toHaveURL(at(`/app/dashboard/usage?agent_id=${agent.id}`));
    await expect(page.getByRole('combobox', { name: 'Agente' })).toHaveValue(agent.name);
  });

  test('Buscar: Escape fecha e devolve o foco; o que não há diz que não há', async ({ page }) => {
    await open(page, 'balcao', '/app/dashboard/support');
    const button = page.getByRole('button', { name: /^Buscar/ });
    await button.focus();
    await page.keyboard.press('Enter');
    await expect(box(page)).toBeFocused();
    await expectAccessible(page);
    await page.keyboard.type('integrações');
    await expect(page.getByText('Nada encontrado')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(box(page)).toBeHidden();
    await expect(button).toBeFocused();
  });

  test('Buscar: ações — tema e Minha conta', async ({ page }) => {
    await page.emulateMedia({ colorScheme: 'light' });
    await open(page, 'gestora', '/app/dashboard/support');
    await page.keyboard.press('Control+k');
    await box(page).fill('tema');
    await page.getByRole('dialog').getByRole('button', { name: 'Usar tema escuro' }).click();
    await expect(page.getByRole('banner').getByRole('button', { name: 'Usar tema claro' })).toBeVisible();
    await expect(box(page)).toBeHidden();
    await page.keyboard.press('Control+k');
    await box(page).fill('minha');
    await page.getByRole('dialog').getByRole('button', { name: 'Minha conta' }).click();
    await expect(title(page, 'Minha conta')).toBeVisible();
  });

  test('Buscar: quem não escolheu empresa acha as páginas internas, e nenhum agente é pedido', async ({ page }) => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await open(page, 'admin', '/app/company');
    await page.keyboard.press('Control+k');
    await box(page).fill('financeiro');
    await page.getByRole('dialog').getByRole('button', { name: 'Financeiro' }).click();
    await expect(title(page, 'Financeiro')).toBeVisible();
    expect(asked.filter((url) => url.includes('/api/tenant/'))).toEqual([]);
  });

  test('Buscar: numa empresa, a equipe interna acha as páginas dos dois lados', async ({ page }) => {
    await open(page, 'suporte', `/app/dashboard?tenant_id=${TENANT_A}`);
    await page.keyboard.press('Control+k');
    await box(page).fill('integrações');
    const found = page.getByRole('dialog').getByRole('button');
    await expect(found).toHaveText(['IntegraçõesPainel interno', 'IntegraçõesPainel do cliente']);
    await found.last().click();
    await expect(page).toHaveURL(at(`/app/dashboard/integrations?tenant_id=${TENANT_A}`));
  });
});

test.describe('Sua conta', () => {
  test('Sua conta: diz quem entrou e leva a Minha conta', async ({ page }) => {
    await open(page, 'gestora', '/app/dashboard/support');
    await page.getByRole('button', { name: 'Sua conta' }).click();
    const menu = page.getByRole('menu');
    await expect(menu).toContainText(userOf('gestora').email);
    await expectAccessible(page);
    await menu.getByRole('menuitem', { name: 'Minha conta' }).click();
    await expect(title(page, 'Minha conta')).toBeVisible();
  });

  test('Sua conta: só com o teclado; Escape fecha e devolve o foco', async ({ page }) => {
    await open(page, 'gestora', '/app/dashboard/support');
    const button = page.getByRole('button', { name: 'Sua conta' });
    await button.focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('menu')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('menu')).toBeHidden();
    await expect(button).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('menuitem', { name: 'Minha conta' })).toBeFocused();
    await page.keyboard.press('ArrowDown');
    await expect(page.getByRole('menuitem', { name: 'Sair' })).toBeFocused();
    await page.keyboard.press('ArrowUp');
    await expect(page.getByRole('menuitem', { name: 'Minha conta' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(title(page, 'Minha conta')).toBeVisible();
  });

  test('Sair: se não é possível agora, diz isso, e a pessoa continua dentro', async ({ page, problems }) => {
    problems.expect(/^503 POST \/api\/auth\/sign-out$/);
    await page.route('**/api/auth/sign-out', (route) => route.fulfill({ status: 503, json: { code: 'unavailable' } }));
    await open(page, 'gestora', '/app/dashboard/support');
    await page.getByRole('button', { name: 'Sua conta' }).click();
    await page.getByRole('menuitem', { name: 'Sair' }).click();
    await expect(page.getByRole('dialog', { name: 'Não foi possível sair' })).toBeVisible();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
    await expect(page).toHaveURL(at('/app/dashboard/support'));
  });
});

test.describe('Teclado', () => {
  /** What a person who tabs sees: where they are. */
  async function expectSeenFocus(page: Page): Promise<void> {
    const focus = page.locator(':focus');
    await expect(focus).toBeInViewport();
    const seen = await focus.evaluate((element) => {
      // A radio is drawn by its label.
      const drawn = element.matches('input[type=radio]') ? element.nextElementSibling : element;
      const { outlineStyle, outlineWidth } = getComputedStyle(drawn ?? element);
      return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0;
    });
    expect(seen, await focus.evaluate((element) => element.outerHTML.slice(0, 200))).toBe(true);
  }

  test('Ir para o conteúdo: o primeiro passo do teclado, e leva ao conteúdo', async ({ page }) => {
    await open(page, 'gestora', '/app/dashboard/support');
    await page.keyboard.press('Tab');
    const skip = page.getByRole('link', { name: 'Ir para o conteúdo' });
    await expect(skip).toBeFocused();
    await expectSeenFocus(page);
    await expectAccessible(page);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('main')).toBeFocused();
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').evaluate((element) => element.closest('main') !== null)).toBe(true);
  });

  test('Visão geral: só com o teclado, na ordem em que se lê, e sempre se vê onde se está', async ({ page }) => {
    await open(page, 'gestora', '/app/dashboard');
    await expect(page.getByRole('link', { name: /^Taxa de Sucesso/ })).toBeVisible();
    await expect(page.getByRole('link', { name: /^Agentes Ativos/ })).toBeVisible();
    await expect(page.getByRole('link', { name: /^Requisições/ })).toBeVisible();
    await expect(page.getByRole('link', { name: /^Integrações/ })).toHaveCount(2);
    const order = [
      page.getByRole('link', { name: 'Ir para o conteúdo' }),
      page.getByRole('link', { name: 'AlquimistaAI: início' }),
      page.getByRole('button', { name: /^Buscar/ }),
      page.getByRole('button', { name: /^Usar tema/ }),
      page.getByRole('button', { name: 'Sua conta' }),
      ...TENANT_PAGES.map(([name]) => sidebar(page).getByRole('link', { name, exact: true })),
      sidebar(page).getByRole('link', { name: 'Ajuda' }),
      page.getByRole('radio', { name: '30 dias' }),
      page.getByRole('link', { name: /^Agentes Ativos/ }),
      page.getByRole('link', { name: /^Requisições \(30d\)/ }),
      page.getByRole('link', { name: /^Taxa de Sucesso/ }),
      page.getByRole('main').getByRole('link', { name: /^Integrações/ }),
      page.getByRole('link', { name: 'Ver uso' }),
    ];
    for (const element of order) {
      await page.keyboard.press('Tab');
      await expect(element).toBeFocused();
      await expectSeenFocus(page);
    }
    await page.getByRole('radio', { name: '30 dias' }).focus();
    await page.keyboard.press('ArrowRight');
    await expect(page).toHaveURL(at('/app/dashboard?period=90d'));
  });

  test('Movimento reduzido: nada se move', async ({ page }) => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await open(page, 'gestora', '/app/dashboard');
    const chart = page.getByRole('region', { name: 'Uso' }).locator('.recharts-bar-rectangle').first();
    await expect(chart).toBeVisible();
    await page.getByRole('button', { name: 'Sua conta' }).click();
    await expect(page.getByRole('menu')).toBeVisible();
    const moving = () =>
      page.evaluate(() =>
        document
          .getAnimations()
          .filter(({ playState, effect }) => playState === 'running' && Number(effect?.getTiming().duration) > 1)
          .map(({ effect }) => (effect as KeyframeEffect).target?.className.toString()),
      );
    expect(await moving()).toEqual([]);
  });
});
