/** Takes the guide's screenshots again: docs/guia/imagens, of the running system's demo data (`make guide`). */
import { mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from '@playwright/test';
import { BROWSER, BROWSER_ARGUMENTS } from '../e2e/browser.ts';
import { api, openSession, type Persona, stack, TENANT_A, userOf } from '../e2e/stack.ts';

const FOLDER = fileURLToPath(new URL('../../docs/guia/imagens/', import.meta.url));

interface Shot {
  file: string;
  path: string;
  /** Nobody is signed in without. */
  persona?: Persona;
  /** What is done before the picture is taken. */
  before?: (page: Page) => Promise<void>;
}

const SHOTS: readonly Shot[] = [
  { file: 'entrar', path: '/auth/login' },
  { file: 'visao-geral', path: '/app/dashboard', persona: 'gestora' },
  { file: 'agentes', path: '/app/dashboard/agents', persona: 'gestora' },
  { file: 'fibonacci', path: '/app/dashboard/fibonacci', persona: 'gestora' },
  { file: 'integracoes', path: '/app/dashboard/integrations', persona: 'gestora' },
  { file: 'uso', path: '/app/dashboard/usage', persona: 'gestora' },
  { file: 'suporte', path: '/app/dashboard/support', persona: 'gestora' },
  { file: 'minha-conta', path: '/app/account', persona: 'gestora' },
  { file: 'interno-visao-geral', path: '/app/company', persona: 'admin' },
  { file: 'interno-tenants', path: '/app/company/tenants', persona: 'admin' },
  { file: 'interno-tenant', path: `/app/company/tenants/${TENANT_A}`, persona: 'admin' },
  { file: 'interno-agentes', path: '/app/company/agents', persona: 'admin' },
  { file: 'interno-integracoes', path: '/app/company/integrations', persona: 'admin' },
  { file: 'interno-incidentes', path: '/app/company/incidents', persona: 'admin' },
  { file: 'interno-comando', path: '/app/company/operations', persona: 'admin', before: runHealthCheck },
  { file: 'interno-operacoes', path: '/app/company/operations', persona: 'admin' },
  { file: 'interno-financeiro', path: '/app/company/billing', persona: 'admin' },
  { file: 'interno-auditoria', path: '/app/company/audit', persona: 'admin' },
];

async function runHealthCheck(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Executar', exact: true }).click();
  await page.getByRole('dialog').getByText('Concluído', { exact: true }).waitFor();
  await page.getByRole('dialog').getByText('Comando concluído').waitFor();
}

async function take(browser: Browser, { file, path, persona, before }: Shot): Promise<void> {
  const context = await browser.newContext({
    baseURL: stack.web_url,
    viewport: { width: 1280, height: 800 },
    locale: 'pt-BR',
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  if (persona) await context.addCookies(await openSession(userOf(persona)));
  const page = await context.newPage();
  await page.goto(path, { waitUntil: 'networkidle' });
  await before?.(page);
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: `${FOLDER}${file}.png` });
  await context.close();
  process.stdout.write(`  ${file}.png  ${path}\n`);
}

await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
// Whoever isn't there makes the pictures wrong before the first is taken.
await api('admin', '/internal/options');
const browser = await chromium.launch({ executablePath: BROWSER, args: BROWSER_ARGUMENTS });
for (const shot of SHOTS) await take(browser, shot);
await browser.close();
process.stdout.write(`\n${SHOTS.length} screenshots are in docs/guia/imagens. Look at them, then commit them.\n`);
