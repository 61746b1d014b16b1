import { firstLoad, LIMIT_BYTES, total } from './first-load.ts';
import { expect, settled, signIn, stack, test } from './fixtures.ts';
import { address, PLACES, titleOf } from './pages.ts';

for (const place of PLACES) {
  test(`${titleOf(place)}: no máximo 250 kB de script, e nenhum gráfico antes da hora`, async ({ page }) => {
    const persona = place.readers[0];
    if (persona) await signIn(page, persona);
    const answer = await page.goto(persona ? address(place, persona) : place.path);
    const scripts = await firstLoad((await answer?.text()) ?? '', stack.web_url);
    await settled(page);
    expect(scripts.length).toBeGreaterThan(0);
    expect(total(scripts), scripts.map(({ path, bytes }) => `${bytes} ${path}`).join('\n')).toBeLessThanOrEqual(
      LIMIT_BYTES,
    );
    expect(scripts.filter(({ draws }) => draws)).toEqual([]);
  });
}
