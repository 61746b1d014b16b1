/** How a person uses the panel's controls. */
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import { expect, idToken, type Persona, stack } from './fixtures.ts';

/** Chooses one of a select's options by what it is called. */
export async function choose(scope: Locator, label: string, option: string): Promise<void> {
  await scope.getByRole('combobox', { name: label, exact: true }).click();
  await scope.page().getByRole('option', { name: option, exact: true }).click();
}

/** Finds a tenant in a select that the API searches, and chooses it. */
export async function chooseTenant(scope: Locator, name: string): Promise<void> {
  await scope.getByRole('combobox', { name: 'Tenant', exact: true }).fill(name);
  await scope.page().getByRole('option', { name, exact: true }).click();
}

/** Fails unless the page's file is, byte by byte, what the API answers to the same question. */
export async function expectCsv(page: Page, persona: Persona, name: string, path: string): Promise<void> {
  const downloaded = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Baixar CSV' }).click();
  const download = await downloaded;
  expect(download.suggestedFilename()).toBe(name);
  const answer = await fetch(`${stack.api_url}${path}`, {
    headers: { Authorization: `Bearer ${await idToken(persona)}`, Accept: 'text/csv' },
  });
  expect(await readFile(await download.path(), 'utf8')).toBe(await answer.text());
  await expect(page.getByText(`${name} foi baixado`)).toBeVisible();
}
