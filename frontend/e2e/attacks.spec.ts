/** What another site, another person or a hostile text tries to do through a browser. */
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type BrowserContext, mergeTests, type Page } from '@playwright/test';
import { type Cookie, expect, openSession, type Persona, settled, signIn, stack, userOf } from './fixtures.ts';
import { address, PLACES, titleOf } from './pages.ts';
import { test as withPeople } from './people.ts';
import { newCnpj, uniqueName, test as withTenants } from './temporary.ts';

const test = mergeTests(withPeople, withTenants);
const at = (path: string) => new URL(path, stack.web_url).href;
const SESSION = 'painel_session';
// Its dot is what random letters of a sealed cookie or a nonce never have.
const TOKEN = /eyJ[\w-]+\./;

const cookies = new Map<Persona, Promise<string>>();

/** The cookies of a persona's session, for requests without a browser. */
function cookieOf(persona: Persona): Promise<string> {
  const known = cookies.get(persona) ?? openSession(userOf(persona)).then(header);
  cookies.set(persona, known);
  return known;
}

const header = (kept: Cookie[]) => kept.map(({ name, value }) => `${name}=${value}`).join('; ');

const sessionOf = async (context: BrowserContext) =>
  (await context.cookies()).find(({ name }) => name.endsWith(SESSION))?.value;

// ------------------------------------------------------------------ addresses that lead away

const AUTH_PAGES = ['login', 'forgot', 'reset', 'new-password', 'totp', 'enroll-totp'];
const EVIL = 'evil.example';
const AWAY = [
  `//${EVIL}`,
  `///${EVIL}`,
  `/\\${EVIL}`,
  `\\\\${EVIL}`,
  `/\t/${EVIL}`,
  `/\n/${EVIL}`,
  `https:${EVIL}`,
  `https:/${EVIL}`,
  `https://${EVIL}`,
  `HTTPS://${EVIL}`,
  `//${new URL(stack.web_url).host}@${EVIL}`,
  `${stack.web_url}.${EVIL}`,
  `//${EVIL}%2f..`,
  `/.//${EVIL}`,
  `/app/../..//${EVIL}`,
  `/%2e%2e//${EVIL}`,
  `//${EVIL}/%2e%2e`,
  `/%09/${EVIL}`,
  `javascript:fetch('//${EVIL}')`,
  `data:text/html,<script>location='//${EVIL}'</script>`,
  `/api/auth/sign-out?${EVIL}`,
];

test.describe('Endereços que levam para fora', () => {
  test('next: nenhuma página de acesso leva quem entrou para fora', async () => {
    const Cookie = await cookieOf('balcao');
    for (const page of AUTH_PAGES) {
      for (const next of AWAY) {
        const encoded = encodeURIComponent(next);
        for (const query of [`next=${encoded}`, `next=${encodeURIComponent(encoded)}`, `next=/&next=${encoded}`]) {
          const answer = await fetch(at(`/auth/${page}?${query}`), { headers: { Cookie }, redirect: 'manual' });
          expect(answer.status, `${page} ${next}`).toBe(307);
          const location = new URL(answer.headers.get('location') ?? '', stack.web_url);
          expect(location.origin, `${page} ${next}`).toBe(stack.web_url);
          expect(location.pathname, `${page} ${next}`).not.toMatch(/^\/(api|\/|\\)/);
        }
      }
    }
  });

  test('next: nenhum link de uma página de acesso leva para fora', async () => {
    for (const page of ['login', 'forgot', 'reset']) {
      for (const next of AWAY) {
        for (const name of ['next', 'return', 'returnTo', 'redirect', 'redirect_uri', 'url', 'continue']) {
          if (name !== 'next' && next !== AWAY[0]) continue;
          const answer = await fetch(at(`/auth/${page}?${name}=${encodeURIComponent(next)}`));
          expect(answer.status).toBe(200);
          const links = [...(await answer.text()).matchAll(/(?:href|action|src)="([^"]*)"/g)].map(([, link]) => link);
          expect(links.length).toBeGreaterThan(0);
          // A link may say where to go on afterwards: that must be here, too.
          const targets = links.flatMap((link = '') => [
            link,
            new URL(link, stack.web_url).searchParams.get('next') ?? '/',
          ]);
          const away = targets.filter((target) => new URL(target, stack.web_url).origin !== stack.web_url);
          expect(away, `${page} ${name} ${next}`).toEqual([]);
        }
      }
    }
  });

  test('Host: um redirecionamento leva sempre ao próprio painel', async () => {
    const strange: Record<string, string>[] = [
      { Host: EVIL },
      { 'X-Forwarded-Host': EVIL },
      { 'X-Forwarded-Host': EVIL, 'X-Forwarded-Proto': 'https', Forwarded: `host=${EVIL}` },
      { 'X-Original-URL': `//${EVIL}`, 'X-Rewrite-URL': `//${EVIL}` },
    ];
    // Next writes a loopback address as the name.
    const own = [stack.web_url, stack.web_url.replace('127.0.0.1', 'localhost')];
    for (const headers of strange) {
      for (const path of ['/', '/app/dashboard', '/app/company', `//${EVIL}/app`, `/\\${EVIL}`, `/app//${EVIL}`]) {
        const { status, location, body } = await rawGet(path, headers);
        const origin = location === undefined ? stack.web_url : new URL(location, stack.web_url).origin;
        expect(own, `${path} ${JSON.stringify(headers)}`).toContain(origin);
        expect(status, path).toBeLessThan(500);
        expect(body).not.toContain(`://${EVIL}`);
      }
    }
  });
});

/** A GET whose `Host` and path are nobody's to tidy up. */
function rawGet(path: string, headers: Record<string, string>) {
  const { hostname, port } = new URL(stack.web_url);
  return new Promise<{ status: number; location: string | undefined; body: string }>((resolve, reject) => {
    send({ hostname, port, path, headers }, async (answer) => {
      let body = '';
      for await (const chunk of answer) body += chunk;
      resolve({ status: answer.statusCode ?? 0, location: answer.headers.location, body });
    })
      .on('error', reject)
      .end();
  });
}

// ------------------------------------------------------------------ another site

/** A site of the attacker's, on the same host: the browser sends cookies along, as it would from a sibling domain. */
async function anotherSite(page: (panel: string) => string): Promise<{ url: string; close: () => void }> {
  const server = createServer((_, answer) => {
    answer.setHeader('Content-Type', 'text/html');
    answer.end(page(stack.web_url));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}

const CHANGES = [
  '/api/auth/sign-out',
  '/api/auth/sign-in',
  '/api/auth/token',
  '/api/auth/forgot',
  '/api/auth/reset',
  '/api/auth/new-password',
  '/api/auth/totp',
  '/api/auth/totp-enrollment',
  '/api/internal/operations/commands',
  '/api/internal/tenants',
  '/api/tenant/me',
  '/app/company',
  '/auth/login',
];

test.describe('Outro site', () => {
  test('Formulários e scripts de outra origem: nada muda, e a sessão continua', async ({ page, context, problems }) => {
    problems.expect(
      /^foreign GET /,
      /^403 POST /,
      /^console .*(CORS|origin|Opener|Framing)/,
      /^failed POST .*/,
      /^404 GET .*favicon/,
    );
    await signIn(page, 'admin', { own: true });
    const before = await sessionOf(context);
    const statuses: [string, number][] = [];
    let sent = 0;
    page.on('request', (request) => {
      if (request.method() === 'POST') sent += 1;
    });
    page.on('response', (answer) => {
      if (answer.request().method() === 'POST') statuses.push([new URL(answer.url()).pathname, answer.status()]);
    });
    const site = await anotherSite(
      (panel) => `<!doctype html><iframe name="f"></iframe>
        ${CHANGES.map((path) => `<form method="post" target="f" enctype="text/plain" action="${panel}${path}"><input name='{"step":"begin","a":"' value='"}'></form>`).join('')}`,
    );
    try {
      await page.goto(site.url);
      for (const index of CHANGES.keys()) {
        const answered = page.waitForResponse((answer) => answer.request().method() === 'POST');
        await page.evaluate((form) => document.forms[form]?.submit(), index);
        await answered;
      }
      await page.evaluate(
        async ([panel, paths]) => {
          for (const path of paths) {
            await fetch(panel + path, { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}' }).catch(
              () => {},
            );
            navigator.sendBeacon(panel + path, '{}');
          }
        },
        [stack.web_url, CHANGES] as const,
      );
      await expect.poll(() => sent).toBe(3 * CHANGES.length);
      // The answers to scripts never reach the page: only the server could tell them from the others.
      expect(statuses.length).toBeGreaterThanOrEqual(CHANGES.length);
      expect(statuses.filter(([, status]) => status !== 403)).toEqual([]);
    } finally {
      site.close();
    }
    expect(await sessionOf(context)).toBe(before);
    await page.goto('/app/company');
    await expect(page).toHaveURL(at('/app/company'));
  });

  test('Leituras de outra origem: o que o painel responde não pode ser lido', async ({ page, problems }) => {
    problems.expect(
      /^foreign GET /,
      /^console .*(CORS|Access-Control|origin)/,
      /^failed (GET|POST|PATCH|OPTIONS) /,
      /^40\d /,
    );
    await signIn(page, 'admin', { own: true });
    const site = await anotherSite(() => '<!doctype html>');
    try {
      await page.goto(site.url);
      const read = await page.evaluate(async (panel) => {
        const found: string[] = [];
        for (const [path, method] of [
          ['/app/company', 'GET'],
          ['/api/tenant/me', 'GET'],
          ['/api/auth/token', 'POST'],
          ['/api/internal/tenants/x', 'PATCH'],
        ]) {
          await fetch(`${panel}${path}`, { method, credentials: 'include' })
            .then(async (answer) => found.push(`${path}: ${await answer.text()}`))
            .catch(() => {});
        }
        return found;
      }, stack.web_url);
      expect(read).toEqual([]);
    } finally {
      site.close();
    }
  });

  test('Molduras: nenhuma página do painel aparece dentro de outra', async ({ page, problems }) => {
    problems.expect(
      /^foreign GET /,
      /^console .*(frame|Frame|ERR_BLOCKED)/,
      /^failed GET .*(BLOCKED|blocked|csp)/,
      /favicon/,
      /^404 GET \/nada$/,
    );
    await signIn(page, 'admin');
    const framed = ['/app/company', '/app/account', '/auth/login', '/nada'];
    const site = await anotherSite(
      (panel) => `<!doctype html>${framed.map((path) => `<iframe src="${panel}${path}"></iframe>`).join('')}`,
    );
    try {
      await page.goto(site.url);
      await page.waitForLoadState('networkidle');
      for (const frame of page.frames().slice(1)) {
        expect(frame.url(), 'an error of the browser stands in its place').toMatch(/^(chrome-error:|about:blank)/);
      }
      expect(page.frames().length).toBe(1 + framed.length);
    } finally {
      site.close();
    }
  });

  const methods = ['POST', 'PUT', 'PATCH', 'DELETE'];
  const foreign: Record<string, string>[] = [
    {},
    { Origin: `http://${EVIL}` },
    { Origin: 'null', 'Sec-Fetch-Site': 'cross-site' },
    { Origin: `${stack.web_url}.${EVIL}` },
    { Origin: `${stack.web_url}/` },
    { Origin: stack.web_url.toUpperCase() },
    { Origin: stack.web_url.replace('http:', 'https:') },
    { Referer: `${stack.web_url}/app/company` },
    { Origin: `http://${EVIL}`, 'X-Forwarded-Host': EVIL, Host: EVIL },
    { Origin: stack.web_url, 'Sec-Fetch-Site': 'none' },
  ];

  test('Origem: cada rota e cada método que muda algo a confere', async () => {
    const Cookie = await cookieOf('admin');
    for (const path of CHANGES) {
      for (const method of methods) {
        for (const headers of foreign) {
          const answer = await fetch(at(path), {
            method,
            body: '{}',
            headers: { 'Content-Type': 'application/json', ...headers, Cookie },
          });
          expect(answer.status, `${method} ${path} ${JSON.stringify(headers)}`).toBe(403);
          expect(await answer.json()).toMatchObject({ code: 'origin_denied' });
          expect(answer.headers.getSetCookie()).toEqual([]);
          expect(answer.headers.get('access-control-allow-origin')).toBeNull();
        }
      }
    }
    const kept = await fetch(at('/app/company'), { headers: { Cookie }, redirect: 'manual' });
    expect(kept.status, 'nobody was signed out').toBe(200);
  });

  test('Origem: uma leitura não muda nada', async () => {
    const Cookie = await cookieOf('admin');
    for (const path of CHANGES.filter((path) => path.startsWith('/api/auth/'))) {
      for (const method of ['GET', 'HEAD', 'OPTIONS']) {
        const answer = await fetch(at(path), { method, headers: { Cookie, Origin: `http://${EVIL}` } });
        expect([204, 404, 405], `${method} ${path}`).toContain(answer.status);
        expect(answer.headers.getSetCookie()).toEqual([]);
        expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      }
    }
  });

  test('Sem cookie: a API não conhece ninguém', async () => {
    for (const path of ['/api/tenant/me', '/api/internal/tenants']) {
      const answer = await fetch(at(path), { headers: { Cookie: await cookieOf('admin'), Origin: stack.web_url } });
      expect(answer.status, 'a cookie is no token').toBe(401);
    }
  });
});

// ------------------------------------------------------------------ what every page and cookie says

test.describe('Cabeçalhos e cookies', () => {
  for (const place of PLACES) {
    test(`${titleOf(place)} ${place.path}: não pode ser emoldurada, nem traz script ou token`, async () => {
      const persona = place.readers[0];
      const headers: Record<string, string> = persona ? { Cookie: await cookieOf(persona) } : {};
      const answer = await fetch(at(persona ? address(place, persona) : place.path), { headers });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-frame-options')).toBe('DENY');
      const policy = new Map(
        (answer.headers.get('content-security-policy') ?? '').split('; ').map((directive) => {
          const [name = '', ...sources] = directive.split(' ');
          return [name, sources];
        }),
      );
      expect(policy.get('frame-ancestors')).toEqual(["'none'"]);
      expect(policy.get('base-uri')).toEqual(["'none'"]);
      expect(policy.get('object-src')).toEqual(["'none'"]);
      expect(policy.get('form-action')).toEqual(["'self'"]);
      expect(policy.get('connect-src')).toEqual(["'self'"]);
      const scripts = policy.get('script-src') ?? [];
      expect(scripts.filter((source) => /unsafe|\*|http|data:|blob:/.test(source))).toEqual([]);
      const nonce = scripts.find((source) => source.startsWith("'nonce-"))?.slice("'nonce-".length, -1);
      const source = await answer.text();
      expect(source).not.toMatch(TOKEN);
      expect(source).not.toContain('Fe26.2');
      expect(source).not.toContain(stack.user_pool_client_secret);
      // Each script has the nonce, and no element has a script of its own.
      const tags = [...source.matchAll(/<script\b[^>]*>/g)].map(([tag]) => tag);
      expect(tags.length).toBeGreaterThan(0);
      expect(tags.filter((tag) => !tag.includes(`nonce="${nonce}"`))).toEqual([]);
      expect(source.replaceAll(/<script\b[\s\S]*?<\/script>/g, '')).not.toMatch(
        /<[^>]+\son\w+=|(href|src|action)="javascript:/,
      );
    });
  }

  test('Cookies: cada um é fechado a scripts, e só deste servidor', async ({ newPerson }) => {
    const person = await newPerson();
    const fresh = await newPerson({ temporary: true });
    const ask = async (name: string, path: string, body: object, cookie = '') => {
      const answer = await fetch(at(path), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Origin: stack.web_url, Cookie: cookie },
        body: JSON.stringify(body),
      });
      const lines = answer.headers.getSetCookie();
      expect(lines.length, `${name} sets one`).toBeGreaterThan(0);
      for (const line of lines) {
        const [pair = '', ...attributes] = line.split('; ');
        expect(pair).toMatch(/^(__Host-)?painel_(session|challenge)=/);
        const named = attributes.map((attribute) => attribute.toLowerCase());
        expect(named, name).toEqual(expect.arrayContaining(['path=/', 'secure', 'httponly', 'samesite=lax']));
        expect(named.filter((attribute) => attribute.startsWith('domain'))).toEqual([]);
        // What is closed can't be read: neither a token nor a person's name.
        expect(decodeURIComponent(pair)).not.toMatch(TOKEN);
        expect(decodeURIComponent(pair)).not.toMatch(/@|example/);
      }
      expect(answer.headers.get('cache-control')).toBe('no-store');
      return lines.map((line) => line.split(';', 1)[0]).join('; ');
    };
    const signedIn = await ask('sign-in', '/api/auth/sign-in', person);
    await ask('token', '/api/auth/token', {}, signedIn);
    await ask('status', '/api/auth/totp-enrollment', { step: 'status' }, signedIn);
    await ask('challenge', '/api/auth/sign-in', fresh);
    await ask('sign-out', '/api/auth/sign-out', {}, signedIn);
    await ask('nobody', '/api/auth/token', {});
  });

  test('Sessão: a que alguém pôs no navegador não se torna a de quem entra', async ({ page, context, newPerson }) => {
    const [planted] = await openSession(userOf('balcao'));
    const { hostname } = new URL(stack.web_url);
    const cookie = { domain: hostname, path: '/', httpOnly: true, secure: true, sameSite: 'Lax' as const };
    for (const value of [planted?.value ?? '', 'fixed', `Fe26.2*1*${'A'.repeat(200)}`]) {
      await context.clearCookies();
      await context.addCookies([{ ...cookie, name: SESSION, value }]);
      const person = await newPerson();
      const answer = await page.request.post('/api/auth/sign-in', { data: person, headers: { Origin: stack.web_url } });
      expect(answer.ok()).toBe(true);
      const own = await sessionOf(context);
      expect(own).toBeTruthy();
      expect(own).not.toBe(value);
      await page.goto('/app/account');
      await expect(page.getByText(person.email)).toBeVisible();
      // Who planted it has what he had before, and nothing of who signed in since.
      const seen = await fetch(at('/app/account'), { headers: { Cookie: `${SESSION}=${value}` }, redirect: 'manual' });
      expect(await seen.text()).not.toContain(person.email);
    }
  });

  test('Tokens: em nenhum endereço, e em nada que o navegador guarda', async ({ page, context }) => {
    const addresses: string[] = [];
    page.on('request', (request) => {
      addresses.push(request.url(), request.headers().referer ?? '');
    });
    await signIn(page, 'gestora', { own: true });
    for (const path of ['/app/dashboard', '/app/dashboard/usage', '/app/account']) {
      await page.goto(path);
      await settled(page);
      const kept = await page.evaluate(async () => {
        const databases = (await indexedDB.databases()).map(({ name }) => name);
        const cached = await Promise.all(
          (await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).length),
        );
        return JSON.stringify([
          document.cookie,
          { ...localStorage },
          { ...sessionStorage },
          databases,
          cached,
          history.state,
          name,
        ]);
      });
      expect(kept).not.toMatch(TOKEN);
      expect(kept).not.toContain('Fe26');
      expect(await page.content()).not.toMatch(TOKEN);
    }
    const session = (await sessionOf(context)) ?? '';
    expect(addresses.length).toBeGreaterThan(20);
    expect(addresses.filter((url) => TOKEN.test(url) || /Fe26|token=/.test(url) || url.includes(session))).toEqual([]);
  });
});

// ------------------------------------------------------------------ texts that would be scripts

const MARKUP = `"'><img src=x onerror="window.attacked=1"><script>window.attacked=1</script>{{7*7}}\${7*7}`;
const LINK = 'javascript:window.attacked=1//';
/** Members whose values people or other systems choose. */
const FREE =
  /^(name|title|description|segment|tenant_name|agent_name|integration_name|integration_type|last_error|error_message|output|message|email|user_sub|created_by|user)$/;

let made = 0;

/** The answer with each text that somebody chose replaced by a hostile one that no other has. */
function infected(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((element) => infected(element, name));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, infected(member, key)]));
  }
  if (typeof value !== 'string' || !FREE.test(name)) return value;
  made += 1;
  return `${made % 2 ? MARKUP : LINK} ${made}`;
}

async function expectHarmless(page: Page): Promise<void> {
  expect(await page.evaluate(() => 'attacked' in window)).toBe(false);
  await expect(page.locator('img[src="x"], [onerror], a[href^="javascript:" i]')).toHaveCount(0);
}

test.describe('Textos hostis', () => {
  for (const place of PLACES.filter(({ readers, path }) => readers.includes('admin') && path !== '/app/account')) {
    test(`${titleOf(place)} ${place.path}: o que outros escreveram aparece como texto`, async ({ page }) => {
      await signIn(page, 'admin');
      const before = made;
      await page.route(/\/api\/(tenant|internal)\//, async (route) => {
        const answer = await route.fetch();
        if (!answer.headers()['content-type']?.includes('json')) return route.fulfill({ response: answer });
        return route.fulfill({ response: answer, json: infected(await answer.json()) });
      });
      await page.goto(address(place, 'admin'));
      await settled(page);
      await expectHarmless(page);
      expect(made).toBeGreaterThan(before);
    });
  }

  test('Tenants: um nome e um segmento que seriam scripts são guardados e mostrados como texto', async ({
    page,
    temporary,
  }) => {
    const name = `${uniqueName('hostil')} ${MARKUP}`;
    const tenant = await temporary.create({ name, segment: `<b>${LINK}</b>`, cnpj: newCnpj() });
    await signIn(page, 'admin');
    for (const path of [
      `/app/company/tenants/${tenant.id}`,
      `/app/company/tenants?search=${encodeURIComponent(name.slice(0, 30))}`,
      `/app/dashboard?tenant_id=${tenant.id}`,
      `/app/company/audit?tenant_id=${tenant.id}`,
    ]) {
      await page.goto(path);
      await settled(page);
      await expectHarmless(page);
    }
    await page.goto(`/app/company/tenants/${tenant.id}`);
    await expect(page.getByText(name).first()).toBeVisible();
  });

  test('Busca e filtros: o que está no endereço aparece como texto', async ({ page, problems }) => {
    problems.expect(/^40[04] GET \/api\//);
    await signIn(page, 'admin');
    const hostile = encodeURIComponent(MARKUP);
    for (const path of [
      `/app/company/tenants?search=${hostile}&segment=${hostile}&sort=${hostile}&page=${hostile}`,
      `/app/company/audit?user_sub=${hostile}&from=${hostile}&event_type=${hostile}`,
      `/app/company/operations?status=${hostile}&tenant_id=${hostile}`,
      `/app/dashboard/usage?agent_id=${hostile}&period=${hostile}&tenant_id=${hostile}`,
      `/app/company/tenants/${hostile}`,
      `/nada/${hostile}`,
      `/app/company?${hostile}=${hostile}#${hostile}`,
    ]) {
      problems.expect(/^404 GET \/(nada|app)\//);
      await page.goto(path);
      await page.waitForLoadState('networkidle');
      await expectHarmless(page);
    }
  });
});
