/** The guide of docs/guia, as the panel shows it. */
import { expect, expectAccessible, expectNoSidewaysScrolling, settled, signIn, test } from './fixtures.ts';

test('Ajuda: o guia abre no painel, e seus links e imagens funcionam', async ({ page }) => {
  await signIn(page, 'gestora');
  await page.goto('/app/dashboard/support');
  await page.getByRole('link', { name: 'Ajuda' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Guia do Painel AlquimistaAI' })).toBeVisible();
  await page.getByRole('link', { name: 'Painel do cliente' }).click();
  await expect(page).toHaveURL(/\/app\/guide\/cliente$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Painel do cliente' })).toBeVisible();
  const images = page.getByRole('article').getByRole('img');
  await expect(images).not.toHaveCount(0);
  await expect
    .poll(() => images.evaluateAll((all) => all.every((image) => (image as HTMLImageElement).naturalWidth > 0)))
    .toBe(true);
  await page.getByRole('link', { name: 'Voltar ao guia' }).click();
  await expect(page).toHaveURL(/\/app\/guide$/);
});

for (const path of ['', '/cliente', '/problemas', '/interno/painel', '/interno/comandos']) {
  test(`Ajuda: /app/guide${path} cabe na tela, e o axe nada encontra`, async ({ page }) => {
    await signIn(page, 'admin');
    await page.setViewportSize({ width: 320, height: 800 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.goto(`/app/guide${path}`);
      await settled(page);
      await expectAccessible(page);
      await expectNoSidewaysScrolling(page);
    }
  });
}

test('Ajuda: a parte interna é só da equipe interna', async ({ page, problems }) => {
  problems.expect(/^403 GET \/app\/guide\/interno/, /^404 GET \/app\/guide\/imagens\/interno-/);
  await signIn(page, 'gestora');
  expect((await page.goto('/app/guide/interno/painel'))?.status()).toBe(403);
  expect((await page.request.get('/app/guide/imagens/interno-financeiro.png')).status()).toBe(404);
  expect((await page.request.get('/app/guide/imagens/uso.png')).status()).toBe(200);
});

for (const path of ['nada', '..%2f..%2fpackage', 'interno/..%2Fcliente', 'README.md']) {
  test(`Ajuda: ${path} não existe`, async ({ page, problems }) => {
    problems.expect(/^404 GET /);
    await signIn(page, 'admin');
    expect((await page.goto(`/app/guide/${path}`))?.status()).toBe(404);
  });
}
