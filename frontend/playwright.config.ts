import { defineConfig, devices } from '@playwright/test';
import { BROWSER, BROWSER_ARGUMENTS } from './e2e/browser.ts';
import { stack } from './e2e/stack.ts';

/** Add tenants and commands, which the lists and totals of other tests would show. */
const CHANGING = /(tenants|operations|company|attacks)\.spec/;

/** End to end: a browser against the whole system of STACK_FILE (`make test-e2e`). */
export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  reporter: [['list']],
  forbidOnly: true,
  fullyParallel: true,
  workers: 2,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  projects: [
    { name: 'panel', testIgnore: [CHANGING, /outage/] },
    { name: 'changing', testMatch: CHANGING, dependencies: ['panel'] },
    { name: 'outage', testMatch: /outage/, dependencies: ['changing'] },
  ],
  use: {
    ...devices['Desktop Chrome'],
    baseURL: stack.web_url,
    viewport: { width: 1440, height: 900 },
    locale: 'pt-BR',
    // Not UTC: a day that follows the browser's clock instead of the API's shows.
    timezoneId: 'America/Sao_Paulo',
    // A trace costs a third of the time: TRACE=1 for a test that fails.
    trace: process.env.TRACE ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: BROWSER, args: BROWSER_ARGUMENTS },
  },
});
