/** Every page, as everybody who may or may not see it. */
import type { Page } from '@playwright/test';
import {
  expect,
  expectAccessible,
  expectNoSidewaysScrolling,
  PERSONAS,
  type Persona,
  prefer,
  settled,
  signIn,
  test,
} from './fixtures.ts';
import { address, INTERNAL, PLACES, type Place, titleOf } from './pages.ts';

const WIDTHS = [1440, 768, 320];
const SCHEMES = ['light', 'dark'] as const;
/** Those for whom a page is looked at in each theme and width: one of each audience. */
const LOOKED_AT: readonly (Persona | 'nobody')[] = ['admin', 'gestora', 'nobody'];

for (const place of PLACES) {
  if (place.readers.length === 0) {
    test(`${titleOf(place)}: abre para quem não entrou`, async ({ page }) => {
      await page.goto(place.path);
      await expectGood(page, place, 'nobody');
    });
    continue;
  }

  for (const persona of place.readers) {
    test(`${titleOf(place)}: abre para ${persona}`, async ({ page }) => {
      await signIn(page, persona);
      await page.goto(address(place, persona));
      for (const text of await place.shows(persona)) {
        await expect(page.getByText(text).filter({ visible: true }).first()).toBeVisible();
      }
      await expectGood(page, place, persona);
    });
  }

  for (const persona of PERSONAS.filter((persona) => !place.readers.includes(persona))) {
    test(`${titleOf(place)}: 403 para ${persona}`, async ({ page, problems }) => {
      problems.expect(/^403 GET \/app\//);
      await signIn(page, persona);
      const answer = await page.goto(address(place, persona));
      expect(answer?.status()).toBe(403);
      await settled(page);
      await expect(page.getByRole('heading', { level: 1, name: place.heading })).toHaveCount(0);
      await expectAccessible(page);
      await expectNoSidewaysScrolling(page);
    });
  }
}

for (const persona of INTERNAL) {
  for (const place of PLACES.filter(({ path }) => path.startsWith('/app/dashboard'))) {
    test(`${titleOf(place)}: ${persona} escolhe primeiro uma empresa`, async ({ page }) => {
      await signIn(page, persona);
      await page.goto(place.path);
      await settled(page);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expectAccessible(page);
      await expectNoSidewaysScrolling(page);
    });
  }
}

/** Fails unless the page is whole, accessible and fits. Takes pictures if SCREENSHOTS is set. */
async function expectGood(page: Page, place: Place, persona: Persona | 'nobody'): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name: place.heading, exact: true })).toBeVisible();
  await settled(page);
  if (!LOOKED_AT.includes(persona)) {
    await expectAccessible(page);
    await expectNoSidewaysScrolling(page);
    return;
  }
  for (const colorScheme of SCHEMES) {
    await prefer(page, colorScheme);
    await expectAccessible(page);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await expectNoSidewaysScrolling(page);
      if (process.env.SCREENSHOTS) {
        const file = `test-results/screens/${place.name}-${persona}-${colorScheme}-${width}.png`;
        await page.screenshot({ path: file, fullPage: true });
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  }
}
