/** What every end-to-end test begins with: signed-in people, and a watch over what goes wrong in the browser. */
import { AxeBuilder } from '@axe-core/playwright';
import { type BrowserContext, test as base, expect, type Locator, type Page } from '@playwright/test';
import { type Cookie, openSession, type Persona, stack, userOf } from './stack.ts';

export { expect } from '@playwright/test';
export * from './stack.ts';

/** Everything that went wrong in a test's browser, but for what the test expects. */
export class Problems {
  readonly #found: string[] = [];
  readonly #expected: RegExp[] = [];

  /** Names what is meant to go wrong, e.g. `/^401 POST \/api\/auth\/sign-in$/` or `/^failed GET /`. */
  expect(...patterns: RegExp[]): void {
    this.#expected.push(...patterns);
  }

  get unexpected(): string[] {
    return this.#found.filter((problem) => !this.#expected.some((pattern) => pattern.test(problem)));
  }

  watch(context: BrowserContext): void {
    context.on('console', (message) => {
      const text = message.text();
      // What was answered or failed is told below, with its method.
      if (text.startsWith('Failed to load resource')) return;
      if (message.type() === 'error' || text.includes('Content Security Policy')) this.#found.push(`console ${text}`);
    });
    context.on('weberror', (error) => this.#found.push(`exception ${error.error().message}`));
    context.on('request', (request) => {
      const url = new URL(request.url());
      const own = url.origin === stack.web_url || ['data:', 'blob:'].includes(url.protocol);
      if (!own) this.#found.push(`foreign ${request.method()} ${request.url()}`);
    });
    context.on('response', (response) => {
      if (response.status() >= 400) {
        this.#found.push(`${response.status()} ${response.request().method()} ${place(response.url())}`);
      }
    });
    context.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText;
      // What a page gave up itself, by leaving or by asking something else.
      if (reason !== 'net::ERR_ABORTED')
        this.#found.push(`failed ${request.method()} ${place(request.url())} ${reason}`);
    });
  }
}

function place(url: string): string {
  return url.startsWith(stack.web_url) ? url.slice(stack.web_url.length) : url;
}

/** A context that is closed while a page of it goes somewhere else may never close: what a page began is given up first. */
async function leave(page: Page): Promise<void> {
  await expect(() => page.goto('about:blank')).toPass();
}

export const test = base.extend<{ problems: Problems }>({
  /** Watches the whole context, whether the test asks for it or not; fails the test that left a problem. */
  problems: [
    async ({ context }, use) => {
      const problems = new Problems();
      problems.watch(context);
      await use(problems);
      expect(problems.unexpected, 'problems in the browser').toEqual([]);
      await Promise.all(context.pages().map(leave));
    },
    { auto: true },
  ],
});

// One sign-in a persona and worker: the sign-in is throttled, and is not what most tests are about.
const sessions = new Map<Persona, Promise<Cookie[]>>();

/** Signs a persona in, without the form. A test that ends the session asks for one of its own. */
export async function signIn(page: Page, persona: Persona, { own = false } = {}): Promise<void> {
  const session = (!own && sessions.get(persona)) || openSession(userOf(persona));
  if (!own) sessions.set(persona, session);
  await page.context().addCookies(await session);
}

/** Comes back when the page has what it asked for, and its buttons listen: a click before that would be lost. */
export async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
  // React leaves its mark on the elements that it has taken over.
  const listens = () =>
    page.evaluate(() =>
      [...document.querySelectorAll('button')].every((button) =>
        Object.keys(button).some((key) => key.startsWith('__reactProps')),
      ),
    );
  await expect.poll(listens, { message: 'every button listens' }).toBe(true);
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
}

/** Holds back what the page asks for of these addresses, until the function that it returns is called. */
export async function hold(page: Page, addresses: string | RegExp): Promise<() => void> {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  await page.route(addresses, async (route) => {
    await released;
    await route.continue();
  });
  return release;
}

/** Lets the time pass in which the page counts its data as new, and has it look again. */
export async function askAgain(page: Page): Promise<void> {
  await page.clock.setSystemTime(Date.now() + 120_000);
  await page.evaluate(() => {
    window.dispatchEvent(new Event('offline'));
    window.dispatchEvent(new Event('online'));
  });
}

/** Shows the page to somebody who prefers this theme, and comes back when all of it has followed. */
export async function prefer(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', colorScheme);
}

/** Fails unless something of the mark is drawn. A level line has no height, which is to be invisible elsewhere. */
export async function expectDrawn(marks: Locator): Promise<void> {
  const extent = () =>
    marks.evaluateAll((all) =>
      all.reduce((longest, mark) => {
        const { width, height } = mark.getBoundingClientRect();
        return Math.max(longest, width, height);
      }, 0),
    );
  await expect.poll(extent, { message: 'pixels of the longest mark' }).toBeGreaterThan(0);
}

/** Fails if axe finds anything against the page as it is. */
export async function expectAccessible(page: Page): Promise<void> {
  // A colour that is on its way from one to another is neither.
  const moving = () =>
    page.evaluate(() => document.getAnimations().filter((animation) => animation instanceof CSSTransition).length);
  await expect.poll(moving, { message: 'transitions under way' }).toBe(0);
  const { violations } = await new AxeBuilder({ page }).analyze();
  const readable = violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes.map((node) => `  ${node.html}\n  ${node.failureSummary}`).join('\n')}`,
  );
  expect(readable, 'what axe finds').toEqual([]);
}

/** Fails if the page can be scrolled sideways, once it has followed a change of the window's width. */
export async function expectNoSidewaysScrolling(page: Page): Promise<void> {
  const beyond = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await expect.poll(beyond, { message: 'pixels that the content is wider than the window' }).toBeLessThanOrEqual(0);
}
