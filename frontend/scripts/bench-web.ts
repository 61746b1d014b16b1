/** Measures the dashboard that STACK_FILE describes: Lighthouse on the overview, and what each page loads at first. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrowserContext, chromium } from '@playwright/test';
import lighthouse, { desktopConfig } from 'lighthouse';
import { BROWSER, BROWSER_ARGUMENTS } from '../e2e/browser.ts';
import { firstLoad, LIMIT_BYTES, total } from '../e2e/first-load.ts';
import { address, PLACES } from '../e2e/pages.ts';
import { openSession, type Persona, stack, userOf } from '../e2e/stack.ts';

const RUNS = 5;
const VISITOR: Persona = 'gestora';
const OVERVIEW = `${stack.web_url}/app/dashboard`;
const CATEGORIES = { performance: 95, accessibility: 100, 'best-practices': 95 };
const AUDITS = { 'largest-contentful-paint': 'LCP', 'total-blocking-time': 'TBT', 'cumulative-layout-shift': 'CLS' };

function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Lighthouse opens tabs of its own, so the session is that of the browser and not of a context in it. */
async function audit(context: BrowserContext, port: number): Promise<void> {
  await context.addCookies(await openSession(userOf(VISITOR)));
  // The first visit also waits for functions that start: that is another measurement.
  const page = await context.newPage();
  await page.goto(OVERVIEW, { waitUntil: 'networkidle' });
  await page.close();

  const results = [];
  for (let run = 0; run < RUNS; run += 1) {
    const options = { port, logLevel: 'error' as const, onlyCategories: Object.keys(CATEGORIES) };
    const result = await lighthouse(OVERVIEW, options, desktopConfig);
    if (!result || result.lhr.runtimeError) throw new Error(result?.lhr.runtimeError?.message ?? 'no result');
    if (result.lhr.finalDisplayedUrl !== OVERVIEW) throw new Error(`redirected to ${result.lhr.finalDisplayedUrl}`);
    results.push(result.lhr);
  }

  print(
    `Lighthouse ${results[0]?.lighthouseVersion}, desktop, signed in, median of ${RUNS}: ${new URL(OVERVIEW).pathname}`,
  );
  print();
  print('| measure | wanted | median | runs |');
  print('| --- | ---: | ---: | --- |');
  for (const [category, wanted] of Object.entries(CATEGORIES)) {
    const scores = results.map(({ categories }) => Math.round((categories[category]?.score ?? 0) * 100));
    print(`| ${category} | ≥ ${wanted} | ${median(scores)} | ${scores.join(', ')} |`);
  }
  for (const [name, short] of Object.entries(AUDITS)) {
    const values = results.map(({ audits }) => audits[name]?.numericValue ?? Number.NaN);
    const shown = values.map((value) => (short === 'CLS' ? value.toFixed(3) : `${Math.round(value)} ms`));
    const middle = median(values);
    print(`| ${short} | | ${shown[values.indexOf(middle)]} | ${shown.join(', ')} |`);
  }
  // What costs points, so that nobody has to look for it.
  const lost = new Set(
    results.flatMap(({ audits, categories }) =>
      Object.values(categories)
        .flatMap(({ auditRefs }) => auditRefs)
        .filter(({ id, weight }) => weight > 0 && (audits[id]?.score ?? 1) < 0.9)
        .map(({ id }) => `${id}: ${audits[id]?.title}`),
    ),
  );
  print();
  print(lost.size > 0 ? `Below 0.9: ${[...lost].sort().join('; ')}` : 'No audit below 0.9.');
}

async function weigh(): Promise<void> {
  print();
  print(`First-load JavaScript, gzipped, at most ${LIMIT_BYTES / 1000} kB:`);
  print();
  print('| page | as | scripts | kB |');
  print('| --- | --- | ---: | ---: |');
  for (const place of PLACES) {
    const persona = place.readers[0];
    const session = persona ? await openSession(userOf(persona)) : [];
    const url = new URL(persona ? address(place, persona) : place.path, stack.web_url);
    const Cookie = session.map(({ name, value }) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { headers: { Cookie }, redirect: 'error' });
    if (!answer.ok) throw new Error(`${url.pathname}: ${answer.status}`);
    const scripts = await firstLoad(await answer.text(), stack.web_url);
    print(`| ${place.path} | ${persona ?? 'nobody'} | ${scripts.length} | ${(total(scripts) / 1000).toFixed(1)} |`);
  }
}

const profile = await mkdtemp(path.join(tmpdir(), 'painel-lighthouse-'));
const port = await freePort();
const context = await chromium.launchPersistentContext(profile, {
  executablePath: BROWSER,
  args: [...BROWSER_ARGUMENTS, `--remote-debugging-port=${port}`],
});
try {
  await audit(context, port);
  await weigh();
} finally {
  await context.close();
  await rm(profile, { recursive: true, force: true });
}
