/** The database really goes away and comes back. Runs when all other tests are done: it takes the API from everybody. */
import { api, expect, signIn, supervise, test } from './fixtures.ts';

test.afterEach(() => supervise('start', 'postgres'));

test('API fora do ar e de volta: a página o diz, guarda o que tem, e volta sozinha', async ({ page, problems }) => {
  test.slow();
  problems.expect(/^5\d\d GET \/api\/tenant\//);
  await signIn(page, 'gestora');
  await page.goto('/app/dashboard');
  await expect(page.getByRole('link', { name: /^Requisições \(30d\)/ })).toBeVisible();
  await supervise('stop', 'postgres');

  await page.getByRole('radiogroup', { name: 'Período' }).getByText('7 dias').click();
  const state = page.getByRole('main').getByRole('alert').filter({ hasText: 'Não foi possível carregar' });
  await expect(state.first()).toBeVisible({ timeout: 60_000 });
  await expect(state.first()).toContainText('Código para o suporte:');
  await expect(page.getByRole('region', { name: 'Limites do plano' }).getByRole('progressbar')).toHaveCount(3);

  await supervise('start', 'postgres');
  await expect(page.getByRole('link', { name: /^Requisições \(7d\)/ })).toBeVisible({ timeout: 60_000 });
  await expect(state).toHaveCount(0);
  await expect(api('gestora', '/tenant/me')).resolves.toHaveProperty('name');
});
