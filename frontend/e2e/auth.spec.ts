/** Getting in, staying in, getting out; and who is shown what on the way. */
import { randomBytes } from 'node:crypto';
import type { BrowserContext, Page, Request } from '@playwright/test';
import {
  askAgain,
  expectAccessible,
  expectNoSidewaysScrolling,
  hold,
  openSession,
  signIn,
  userOf,
} from './fixtures.ts';
import { endSessions, expect, mailedCode, type Person, test, totp } from './people.ts';
import { type Persona, stack } from './stack.ts';

const EXPIRED = 'Sessão expirada. Faça login novamente';
const WRONG = /E-mail ou senha incorretos/;
const NEW_PASSWORD = 'Nova-Senha-Segura-1';

const at = (path: string) => new URL(path, stack.web_url).href;
const nobody = () => `ninguem-${randomBytes(6).toString('hex')}@example.com`;
const emailOf = (page: Page) => page.getByLabel('E-mail', { exact: true });
/** What a form says of itself; Next has an alert of its own, for names of pages. */
const alertOf = (page: Page) => page.getByRole('main').getByRole('alert');
const password = (page: Page) => page.getByLabel('Senha', { exact: true });
const enter = (page: Page) => page.getByRole('button', { name: 'Entrar' });

async function fillIn(page: Page, { email, password: secret }: { email: string; password: string }): Promise<void> {
  await emailOf(page).fill(email);
  await password(page).fill(secret);
  await enter(page).click();
}

const SESSION = 'painel_session';
const sessionOf = async (context: BrowserContext) =>
  (await context.cookies()).find(({ name }) => name.endsWith(SESSION))?.value;

test.describe('Entrar', () => {
  const homes: [Persona, string][] = [
    ['admin', '/app/company'],
    ['suporte', '/app/company'],
    ['gestora', '/app/dashboard'],
    ['balcao', '/app/dashboard'],
  ];
  for (const [persona, home] of homes) {
    test(`Entrar: leva ${persona} a ${home}`, async ({ page }) => {
      await page.goto('/');
      await expect(page).toHaveURL(at('/auth/login'));
      await fillIn(page, userOf(persona));
      await expect(page).toHaveURL(at(home));
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    });
  }

  test('Entrar: volta à página que foi pedida', async ({ page }) => {
    await page.goto('/app/dashboard/usage?period=7d');
    await expect(page).toHaveURL(at('/auth/login?next=%2Fapp%2Fdashboard%2Fusage%3Fperiod%3D7d'));
    await fillIn(page, userOf('gestora'));
    await expect(page).toHaveURL(at('/app/dashboard/usage?period=7d'));
  });

  test('Entrar: campos vazios ou errados são apontados, e o cursor vai ao primeiro', async ({ page }) => {
    await page.goto('/auth/login');
    await enter(page).click();
    await expect(emailOf(page)).toBeFocused();
    await expect(emailOf(page)).toHaveAccessibleDescription(/e-mail válido/);
    await expect(password(page)).toHaveAccessibleDescription('Informe a senha.');
    await expectAccessible(page);
    await emailOf(page).fill('ana@example.com');
    await enter(page).click();
    await expect(password(page)).toBeFocused();
    await expect(emailOf(page)).toHaveAccessibleDescription('');
  });

  test('Entrar: senha incorreta e conta inexistente recebem a mesma resposta', async ({
    page,
    problems,
    newPerson,
  }) => {
    problems.expect(/^401 POST \/api\/auth\/sign-in$/);
    const person = await newPerson();
    const answers = [];
    for (const email of [person.email, nobody()]) {
      await page.goto('/auth/login');
      const answered = page.waitForResponse('**/api/auth/sign-in');
      await fillIn(page, { email, password: 'Senha-Errada-1' });
      const { request_id: _, ...body } = await (await answered).json();
      await expect(alertOf(page).filter({ hasText: WRONG })).toBeVisible();
      await expect(password(page)).toBeFocused();
      answers.push(body);
    }
    expect(answers[0]).toEqual(answers[1]);
    await expectAccessible(page);
  });

  test('Entrar: muitas tentativas têm de esperar, e a página diz quanto', async ({ page, problems }) => {
    problems.expect(/^(401|429) POST \/api\/auth\/sign-in$/);
    const email = nobody();
    await page.goto('/auth/login');
    for (let attempt = 0; attempt < 10; attempt++) {
      const answer = await page.request.post('/api/auth/sign-in', {
        data: { email, password: 'x' },
        headers: { Origin: stack.web_url },
      });
      expect(answer.status()).toBe(401);
    }
    await fillIn(page, { email, password: 'Senha-Errada-1' });
    await expect(alertOf(page)).toContainText('Muitas tentativas. Aguarde 15 minutos');
  });

  test('Entrar: sem conexão, diz que é a conexão', async ({ page, context, problems }) => {
    problems.expect(/^failed POST \/api\/auth\/sign-in/);
    await page.goto('/auth/login');
    await page.waitForLoadState('networkidle');
    await context.setOffline(true);
    await fillIn(page, userOf('gestora'));
    await expect(alertOf(page)).toContainText('sem conexão');
    await context.setOffline(false);
    await enter(page).click();
    await expect(page).toHaveURL(at('/app/dashboard'));
  });

  test('Entrar: com o serviço de acesso fora do ar, diz isso', async ({ page, problems }) => {
    problems.expect(/^503 POST \/api\/auth\/sign-in$/);
    await page.route('**/api/auth/sign-in', (route) => route.fulfill({ status: 503, json: { code: 'unavailable' } }));
    await page.goto('/auth/login');
    await fillIn(page, userOf('gestora'));
    await expect(alertOf(page)).toContainText('O serviço de acesso está indisponível');
  });

  test('Entrar: só com o teclado', async ({ page }) => {
    const { email, password: secret } = userOf('balcao');
    await page.goto('/auth/login');
    // Tab passes by a button that is still disabled.
    await expect(enter(page)).toBeEnabled();
    await emailOf(page).focus();
    await page.keyboard.type(email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(secret);
    await page.keyboard.press('Tab');
    await expect(page.getByRole('button', { name: 'Mostrar senha' })).toBeFocused();
    await page.keyboard.press('Tab');
    await expect(enter(page)).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(at('/app/dashboard'));
  });

  test('Mostrar senha: mostra e volta a ocultar', async ({ page }) => {
    await page.goto('/auth/login');
    await password(page).fill('segredo');
    await page.getByRole('button', { name: 'Mostrar senha' }).click();
    await expect(password(page)).toHaveAttribute('type', 'text');
    await page.getByRole('button', { name: 'Ocultar senha' }).click();
    await expect(password(page)).toHaveAttribute('type', 'password');
  });

  test('Entrar: o navegador pode preencher e-mail e senha', async ({ page }) => {
    await page.goto('/auth/login');
    await expect(emailOf(page)).toHaveAttribute('autocomplete', 'username');
    await expect(password(page)).toHaveAttribute('autocomplete', 'current-password');
  });

  test('Entrar: o que se digita antes de o script chegar não se perde', async ({ page }) => {
    const release = await hold(page, '**/_next/static/**/*.js');
    await page.goto('/auth/login', { waitUntil: 'commit' });
    const person = userOf('gestora');
    await emailOf(page).fill(person.email);
    await password(page).fill(person.password);
    await expect(enter(page)).toBeDisabled();
    await password(page).press('Enter');
    release();
    await enter(page).click();
    await expect(page).toHaveURL(at('/app/dashboard'));
  });

  test.describe('sem script', () => {
    test.use({ javaScriptEnabled: false });
    test('Entrar: Enter não envia nada, e a senha nunca aparece no endereço', async ({ page, problems }) => {
      problems.expect(/^failed GET \/_next\/static\/.* csp$/);
      await page.goto('/auth/login?next=%2Fapp%2Faccount');
      await emailOf(page).fill('ana@example.com');
      await password(page).fill('segredo');
      await password(page).press('Enter');
      const notice = page.locator('noscript').locator('[role=alert]');
      await expect(notice).toBeVisible();
      await expect(notice).toHaveText('O painel precisa de JavaScript, que está desativado neste navegador.');
      await expect(enter(page)).toBeDisabled();
      await expect(password(page)).toHaveValue('segredo');

      // As a password manager may, whether the button is enabled or not.
      await page.locator('form').evaluate((form: HTMLFormElement) => form.submit());
      await expect(password(page)).toHaveValue('');
      await expect(page).toHaveURL(at('/auth/login?next=%2Fapp%2Faccount'));
    });
  });
});

test.describe('Volta depois do login', () => {
  const hostile = [
    '//evil.example/app',
    'https://evil.example/app',
    '/\\evil.example',
    '/.//evil.example',
    '/app/..//evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    '/auth/login',
  ];
  for (const next of hostile) {
    test(`Entrar: não leva a ${JSON.stringify(next)}`, async ({ page }) => {
      await page.goto(`/auth/login?next=${encodeURIComponent(next)}`);
      await fillIn(page, userOf('gestora'));
      await expect(page).toHaveURL(at('/app/dashboard'));
    });
  }

  test('Entrar: quem já entrou não é levado para fora', async ({ page }) => {
    await signIn(page, 'gestora');
    for (const next of hostile) {
      await page.goto(`/auth/login?next=${encodeURIComponent(next)}`);
      await expect(page).toHaveURL(at('/app/dashboard'));
    }
  });
});

test.describe('Crie sua senha', () => {
  test('Crie sua senha: troca a senha temporária no primeiro acesso', async ({ page, newPerson }) => {
    const person = await newPerson({ temporary: true });
    await page.goto('/auth/login?next=%2Fapp%2Faccount');
    await fillIn(page, person);
    await expect(page.getByRole('heading', { name: 'Crie sua senha' })).toBeVisible();
    await expect(page).toHaveURL(at('/auth/new-password?next=%2Fapp%2Faccount'));
    await expectAccessible(page);

    const fresh = page.getByLabel('Nova senha', { exact: true });
    const again = page.getByLabel('Repita a nova senha');
    const save = page.getByRole('button', { name: 'Salvar senha e entrar' });
    await expect(fresh).toHaveAttribute('autocomplete', 'new-password');
    await fresh.fill('curta');
    await again.fill('curta');
    await save.click();
    await expect(fresh).toBeFocused();
    await expect(page.getByText('A senha ainda não atende a todas as regras.')).toBeVisible();
    await expect(page.getByRole('listitem').filter({ hasText: 'pelo menos 12 caracteres' })).toContainText('falta');
    await fresh.fill(NEW_PASSWORD);
    await expect(page.getByRole('listitem').filter({ hasText: 'pelo menos 12 caracteres' })).toContainText('atendida');
    await save.click();
    await expect(again).toBeFocused();
    await expect(page.getByText('As senhas não são iguais.')).toBeVisible();
    await again.fill(NEW_PASSWORD);
    await save.click();
    await expect(page).toHaveURL(at('/app/account'));

    expect(await openSession({ ...person, password: NEW_PASSWORD })).not.toEqual([]);
  });

  for (const page of ['new-password', 'totp', 'enroll-totp']) {
    test(`/auth/${page}: sem um login em andamento volta ao login`, async ({ page: tab }) => {
      await tab.goto(`/auth/${page}?next=%2Fapp%2Faccount`);
      await expect(tab).toHaveURL(at('/auth/login?reason=challenge&next=%2Fapp%2Faccount'));
      await expect(tab.getByText('O tempo para concluir o acesso acabou')).toBeVisible();
    });
  }
});

test.describe('Esqueci minha senha', () => {
  test('Esqueci minha senha: o código que chega por e-mail cria uma nova senha', async ({
    page,
    newPerson,
    problems,
  }) => {
    problems.expect(/^401 POST \/api\/auth\/sign-in$/);
    const person = await newPerson();
    await page.goto('/auth/login');
    await page.getByRole('link', { name: 'Esqueci minha senha' }).click();
    await emailOf(page).fill(person.email);
    await page.getByRole('button', { name: 'Enviar código' }).click();
    await expect(page.getByRole('heading', { name: 'Redefinir senha' })).toBeVisible();
    await expect(emailOf(page)).toHaveValue(person.email);
    await expectAccessible(page);

    const code = page.getByLabel('Código recebido por e-mail');
    await expect(code).toHaveAttribute('autocomplete', 'one-time-code');
    await code.fill(await mailedCode(person));
    await page.getByLabel('Nova senha', { exact: true }).fill(NEW_PASSWORD);
    await page.getByLabel('Repita a nova senha').fill(NEW_PASSWORD);
    await page.getByRole('button', { name: 'Redefinir senha' }).click();
    await expect(page.getByText('Senha redefinida. Entre com a nova senha')).toBeVisible();

    await fillIn(page, person);
    await expect(alertOf(page).filter({ hasText: WRONG })).toBeVisible();
    await fillIn(page, { ...person, password: NEW_PASSWORD });
    await expect(page).toHaveURL(at('/app/dashboard'));
  });

  test('Enviar código: não diz se a conta existe', async ({ page }) => {
    await page.goto('/auth/forgot');
    await emailOf(page).fill(nobody());
    await page.getByRole('button', { name: 'Enviar código' }).click();
    await expect(page.getByText('Se houver uma conta com este e-mail')).toBeVisible();
  });

  test('Redefinir senha: um código incorreto é apontado no campo', async ({ page, problems }) => {
    problems.expect(/^400 POST \/api\/auth\/reset$/);
    await page.goto('/auth/forgot');
    await page.getByRole('link', { name: 'Já tenho um código' }).click();
    await emailOf(page).fill(nobody());
    await page.getByLabel('Código recebido por e-mail').fill('000000');
    await page.getByLabel('Nova senha', { exact: true }).fill(NEW_PASSWORD);
    await page.getByLabel('Repita a nova senha').fill(NEW_PASSWORD);
    await page.getByRole('button', { name: 'Redefinir senha' }).click();
    await expect(page.getByLabel('Código recebido por e-mail')).toBeFocused();
    await expect(page.getByLabel('Código recebido por e-mail')).toHaveAccessibleDescription(/Código incorreto/);
  });

  test('Enviar outro código e Voltar ao login: levam aonde dizem', async ({ page }) => {
    await page.goto('/auth/reset');
    await page.getByRole('link', { name: 'Enviar outro código' }).click();
    await expect(page.getByRole('heading', { name: 'Recuperar senha' })).toBeVisible();
    await page.getByRole('link', { name: 'Voltar ao login' }).click();
    await expect(page.getByRole('heading', { name: 'Entrar' })).toBeVisible();
  });
});

test.describe('Verificação em duas etapas', () => {
  test('Ativar, Verificar e Desativar: o código do aplicativo passa a ser pedido, e deixa de ser', async ({
    page,
    context,
    newPerson,
    problems,
  }) => {
    problems.expect(/^400 POST \/api\/auth\/(totp|totp-enrollment)$/);
    const person = await newPerson();
    await page.goto('/auth/login?next=%2Fapp%2Faccount');
    await fillIn(page, person);
    await expect(page.getByText('Desativada')).toBeVisible();
    await page.getByRole('button', { name: 'Ativar' }).click();
    await expect(page.getByRole('img', { name: /Código QR/ })).toBeVisible();
    await expectAccessible(page);
    await page.setViewportSize({ width: 320, height: 900 });
    await expectNoSidewaysScrolling(page);
    await page.setViewportSize({ width: 1440, height: 900 });

    const secret = (await page.getByLabel('Chave do autenticador').textContent()) ?? '';
    const code = page.getByLabel('Código de 6 dígitos');
    await code.fill('12345');
    await page.getByRole('button', { name: 'Confirmar e ativar' }).click();
    await expect(code).toHaveAccessibleDescription('O código tem 6 dígitos.');
    await code.fill(wrong(secret));
    await page.getByRole('button', { name: 'Confirmar e ativar' }).click();
    await expect(code).toHaveAccessibleDescription(/Código incorreto/);
    await code.fill(totp(secret));
    await page.getByRole('button', { name: 'Confirmar e ativar' }).click();
    await expect(page.getByText('Ativada', { exact: true })).toBeVisible();

    await context.clearCookies();
    await page.goto('/auth/login?next=%2Fapp%2Faccount');
    await fillIn(page, person);
    await expect(page.getByRole('heading', { name: 'Verificação em duas etapas' })).toBeVisible();
    expect(await sessionOf(context)).toBeUndefined();
    await expectAccessible(page);
    await expect(code).toHaveAttribute('autocomplete', 'one-time-code');
    await code.fill(wrong(secret));
    await page.getByRole('button', { name: 'Verificar' }).click();
    await expect(code).toHaveAccessibleDescription(/Código incorreto/);
    await code.fill(totp(secret));
    await page.getByRole('button', { name: 'Verificar' }).click();
    await expect(page).toHaveURL(at('/app/account'));

    await page.getByRole('button', { name: 'Desativar' }).click();
    await expectAccessible(page);
    await password(page).fill(person.password);
    await code.fill(wrong(secret));
    await page.getByRole('button', { name: 'Confirmar e desativar' }).click();
    await expect(code).toHaveAccessibleDescription(/Código incorreto/);
    await code.fill(totp(secret));
    await page.getByRole('button', { name: 'Confirmar e desativar' }).click();
    await expect(page.getByText('Desativada', { exact: true })).toBeVisible();
    expect(await openSession(person)).not.toEqual([]);
  });

  test('Entrar com outra conta: volta ao login', async ({ page, newPerson }) => {
    await page.goto('/auth/login');
    await fillIn(page, await newPerson({ temporary: true }));
    await page.getByRole('link', { name: 'Entrar com outra conta' }).click();
    await expect(page.getByRole('heading', { name: 'Entrar' })).toBeVisible();
  });

  test('Cancelar: deixa como estava', async ({ page }) => {
    await signIn(page, 'balcao');
    await page.goto('/app/account');
    await page.getByRole('button', { name: 'Ativar' }).click();
    await page.getByRole('button', { name: 'Cancelar' }).click();
    await expect(page.getByRole('button', { name: 'Ativar' })).toBeVisible();
    await expect(page.getByText('Desativada')).toBeVisible();
  });
});

/** A code that the secret's own is not, now or a moment ago. */
function wrong(secret: string): string {
  const near = [-30_000, 0, 30_000].map((offset) => totp(secret, Date.now() + offset));
  return ['000000', '111111', '222222', '333333'].find((code) => !near.includes(code)) ?? '';
}

test.describe('Acesso negado', () => {
  test('Acesso negado: Voltar ao início', async ({ page, problems }) => {
    problems.expect(/^403 GET \/app\/company$/);
    await signIn(page, 'gestora');
    expect((await page.goto('/app/company'))?.status()).toBe(403);
    await expect(page.getByRole('heading', { name: 'Acesso negado' })).toBeVisible();
    await page.getByRole('link', { name: 'Voltar ao início' }).click();
    await expect(page).toHaveURL(at('/app/dashboard'));
  });

  test('Acesso negado: Sair', async ({ page, context, problems }) => {
    problems.expect(/^403 GET \/app\/dashboard$/);
    await signIn(page, 'sem-grupo', { own: true });
    expect((await page.goto('/app/dashboard'))?.status()).toBe(403);
    await page.getByRole('button', { name: 'Sair' }).click();
    await expect(page).toHaveURL(at('/auth/login'));
    expect(await sessionOf(context)).toBeUndefined();
  });

  test('Página não encontrada: Voltar ao início', async ({ page, problems }) => {
    problems.expect(/^404 GET \/nada$/);
    expect((await page.goto('/nada'))?.status()).toBe(404);
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Voltar ao início' }).click();
    await expect(page).toHaveURL(at('/auth/login'));
  });

  test('Entrar: um cookie alterado não vale nada', async ({ page, context }) => {
    await signIn(page, 'gestora', { own: true });
    const [cookie] = (await context.cookies()).filter(({ name }) => name.endsWith(SESSION));
    if (!cookie) throw new Error('no session');
    await context.addCookies([{ ...cookie, value: cookie.value.replace(/\*(\w{8})/, '*AAAAAAAA') }]);
    await page.goto('/app/dashboard');
    await expect(page).toHaveURL(at('/auth/login?next=%2Fapp%2Fdashboard'));
  });
});

test.describe('Sair', () => {
  const leave = async (page: Page) => {
    await page.getByRole('button', { name: 'Sua conta' }).click();
    await page.getByRole('menuitem', { name: 'Sair' }).click();
  };

  test('Sair: encerra a sessão aqui, nas outras abas e no servidor', async ({ page, context, newPerson }) => {
    const person = await newPerson();
    await context.addCookies(await openSession(person));
    const other = await context.newPage();
    for (const tab of [page, other]) {
      await tab.goto('/app/account');
      await expect(tab.getByText(person.email)).toBeVisible();
    }
    const sealed = await sessionOf(context);
    await leave(page);
    await expect(page).toHaveURL(at('/auth/login'));
    await expect(other).toHaveURL(at('/auth/login'));
    expect(await sessionOf(context)).toBeUndefined();

    await page.goBack();
    await expect(page).toHaveURL(/\/auth\/login/);
    await expect(page.getByText(person.email)).toHaveCount(0);

    const kept = await fetch(at('/api/auth/token'), {
      method: 'POST',
      headers: { Origin: stack.web_url, Cookie: `${SESSION}=${sealed}` },
    });
    expect(kept.status).toBe(401);
  });
});

test.describe('Sessão expirada', () => {
  /**
   * Makes the API refuse the token that the tabs have now, and all that is on the pages be asked for again; the
   * requests are let through once ten are under way.
   */
  async function refuseToken(context: BrowserContext, tabs: Page[]): Promise<{ refused: number; renewals: number }> {
    const seen = { refused: 0, renewals: 0 };
    let old: string | undefined;
    const { promise: tenUnderWay, resolve: letThrough } = Promise.withResolvers<void>();
    await context.route('**/api/tenant/**', async (route) => {
      const headers = await route.request().allHeaders();
      old ??= headers.authorization;
      if (headers.authorization !== old) return route.continue();
      seen.refused += 1;
      if (seen.refused === 10) letThrough();
      await tenUnderWay;
      return route.continue({ headers: { ...headers, authorization: 'Bearer refused' } });
    });
    context.on('request', (request: Request) => {
      if (request.url() === at('/api/auth/token')) seen.renewals += 1;
    });
    await Promise.all(tabs.map(askAgain));
    return seen;
  }

  async function openTabs(context: BrowserContext, first: Page, path: string): Promise<Page[]> {
    const tabs = [first, await context.newPage(), await context.newPage()];
    for (const tab of tabs) {
      // A page is quiet before its script has begun, too.
      await Promise.all([tab.waitForResponse('**/api/tenant/usage*'), tab.goto(path)]);
      await tab.waitForLoadState('networkidle');
    }
    return tabs;
  }

  test('Sessão em uso: dez pedidos recusados em três abas, uma só renovação', async ({
    page,
    context,
    problems,
    newPerson,
  }) => {
    problems.expect(/^401 GET \/api\/tenant\//);
    await context.addCookies(await openSession(await newPerson()));
    const tabs = await openTabs(context, page, '/app/dashboard');
    const seen = await refuseToken(context, tabs);
    await expect.poll(() => seen.refused).toBeGreaterThanOrEqual(10);
    for (const tab of tabs) {
      await tab.waitForLoadState('networkidle');
      await expect(tab).toHaveURL(at('/app/dashboard'));
      await expect(alertOf(tab)).toHaveCount(0);
    }
    expect(seen.renewals).toBe(1);
  });

  test(`${EXPIRED}: cada aba vai ao login uma vez, e volta à página`, async ({
    page,
    context,
    problems,
    newPerson,
  }) => {
    problems.expect(/^401 GET \/api\/tenant\//, /^401 POST \/api\/auth\/token$/);
    const person: Person = await newPerson();
    await context.addCookies(await openSession(person));
    const path = '/app/dashboard?period=7d';
    const tabs = await openTabs(context, page, path);
    await endSessions(person);

    const logins = new Map<Page, number>();
    for (const tab of tabs) {
      tab.on('request', (request) => {
        const { pathname } = new URL(request.url());
        if (request.isNavigationRequest() && pathname === '/auth/login') logins.set(tab, (logins.get(tab) ?? 0) + 1);
      });
    }
    const seen = await refuseToken(context, tabs);
    for (const tab of tabs) {
      await expect(tab).toHaveURL(at(`/auth/login?reason=expired&next=${encodeURIComponent(path)}`));
      await expect(tab.getByText(EXPIRED)).toBeVisible();
    }
    expect(seen.refused).toBeGreaterThanOrEqual(10);
    expect([...logins.values()]).toEqual([1, 1, 1]);
    expect(seen.renewals).toBe(1);
    expect(await sessionOf(context)).toBeUndefined();

    await fillIn(page, person);
    await expect(page).toHaveURL(at(path));
    // Another tab that is still at the sign-in goes back to its page as well.
    await tabs[1]?.reload();
    await expect(tabs[1] ?? page).toHaveURL(at(path));
  });

  test('Sessão em uso: com o serviço de acesso fora do ar ninguém é mandado ao login', async ({ page, problems }) => {
    problems.expect(/^503 POST \/api\/auth\/token$/);
    await signIn(page, 'gestora');
    await page.route('**/api/auth/token', (route) => route.fulfill({ status: 503, json: { code: 'unavailable' } }));
    await page.goto('/app/dashboard');
    await expect(page.getByRole('button', { name: 'Tentar de novo' }).first()).toBeVisible();
    await expect(page).toHaveURL(at('/app/dashboard'));
  });
});

test.describe('Proteção', () => {
  test('Sessão: o cookie é fechado a scripts, e o navegador não guarda nenhum token', async ({ page, context }) => {
    await page.goto('/auth/login');
    await fillIn(page, userOf('gestora'));
    await expect(page).toHaveURL(at('/app/dashboard'));
    await page.waitForLoadState('networkidle');
    const cookies = await context.cookies();
    expect(cookies.map(({ name, httpOnly, secure, sameSite }) => ({ name, httpOnly, secure, sameSite }))).toEqual([
      { name: SESSION, httpOnly: true, secure: true, sameSite: 'Lax' },
    ]);
    const stored = await page.evaluate(() =>
      JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]),
    );
    expect(stored).not.toMatch(/eyJ/);
  });

  for (const path of ['/', '/auth/login', '/app/company', '/api/tenant/me', '/api/nothing', '/nada', '/icon.svg']) {
    test(`${path}: todos os cabeçalhos de segurança`, async ({ request }) => {
      const { headers } = await fetchHeaders(path);
      expect(headers.get('strict-transport-security')).toBe('max-age=63072000; includeSubDomains');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('same-origin');
      expect(headers.get('permissions-policy')).toContain('camera=()');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      const policy = headers.get('content-security-policy');
      expect(policy).toMatch(/script-src 'self' 'nonce-[^']+' 'strict-dynamic';/);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe-eval');
      expect((await request.get(path, { maxRedirects: 0 })).headers()['x-powered-by']).toBeUndefined();
    });
  }

  test('_next/static: também os arquivos têm os cabeçalhos', async ({ page }) => {
    await page.goto('/auth/login');
    const script = await page.locator('script[src*="_next/static"]').first().getAttribute('src');
    const { headers } = await fetchHeaders(script ?? '');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('strict-transport-security')).toContain('max-age=');
    expect(headers.get('cache-control')).toContain('immutable');
  });

  test('Entrar: cada página tem o seu próprio nonce', async () => {
    const nonces = await Promise.all(
      [1, 2, 3].map(async () => {
        const answer = await fetch(at('/auth/login'));
        const nonce = /'nonce-([^']+)'/.exec(answer.headers.get('content-security-policy') ?? '')?.[1] ?? '';
        expect(await answer.text()).toContain(`nonce="${nonce}"`);
        return nonce;
      }),
    );
    expect(new Set(nonces).size).toBe(3);
  });

  const foreign: Record<string, string>[] = [
    {},
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { Origin: stack.web_url, 'Sec-Fetch-Site': 'cross-site' },
    { Origin: stack.web_url, 'Sec-Fetch-Site': 'same-site' },
  ];
  for (const path of ['/api/auth/token', '/api/auth/sign-out', '/api/internal/operations/commands', '/app/dashboard']) {
    test(`${path}: só muda algo para páginas do painel`, async ({ context, page }) => {
      await signIn(page, 'admin');
      const Cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
      for (const headers of foreign) {
        const answer = await fetch(at(path), { method: 'POST', headers: { ...headers, Cookie } });
        expect(answer.status).toBe(403);
        expect(await answer.json()).toMatchObject({ code: 'origin_denied' });
      }
    });
  }
});

function fetchHeaders(path: string): Promise<Response> {
  return fetch(at(path), { redirect: 'manual' });
}
