/** Usage: periods, agents, the period before, charts in words and numbers, tables, files. */
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import type { TenantAgents, TenantUsage, UsageDay } from '../src/api/generated';
import { api, expect, expectDrawn, idToken, signIn, stack, test } from './fixtures.ts';
import { cells, column, day, integer, milliseconds, percent, trend } from './written.ts';

const at = (query = '') => new URL(`/app/dashboard/usage${query}`, stack.web_url).href;
const usage = (query: string) => api<TenantUsage>('gestora', `/tenant/usage?${query}`);
const panel = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
const agentSelect = (page: Page) => page.getByRole('combobox', { name: 'Agente' });

async function open(page: Page, query = ''): Promise<void> {
  await signIn(page, 'gestora');
  await page.goto(at(query));
}

/** The period's numbers, those of the period before, and what became of them. */
async function expectComparison(page: Page, query: string, days: number): Promise<void> {
  const { summary, previous_period: before, trend: change, from, to } = await usage(query);
  await expect(page.getByText(`De ${day(from)} a ${day(to)} (dias em UTC)`)).toBeVisible();
  const figure = (name: string, now: string, then: string, written: string) =>
    `${name}${now}período anterior: ${then}${written}`;
  const percentage = (value: number | null) => trend(value, 'percent', days);
  const figures = [
    figure(
      'Requisições',
      integer(summary.total_requests),
      integer(before.total_requests),
      percentage(change.total_requests),
    ),
    figure(
      'Com falha',
      integer(summary.failed_requests),
      integer(before.failed_requests),
      percentage(change.failed_requests),
    ),
    figure(
      'Taxa de sucesso',
      percent(summary.success_rate),
      percent(before.success_rate),
      trend(change.success_rate, 'points', days),
    ),
    figure(
      'Tempo médio',
      milliseconds(summary.avg_response_time_ms),
      milliseconds(before.avg_response_time_ms),
      percentage(change.avg_response_time_ms),
    ),
    figure('Tempo p95', milliseconds(summary.p95_response_time_ms), milliseconds(before.p95_response_time_ms), ''),
    figure(
      'Tokens',
      integer(summary.total_tokens_used),
      integer(before.total_tokens_used),
      percentage(change.total_tokens_used),
    ),
  ];
  await expect(page.locator('dl > div')).toHaveText(figures);
}

test('Período e período anterior: 7, 30 e 90 dias, com os números da API', async ({ page }) => {
  await open(page);
  await expectComparison(page, 'period=30d', 30);
  for (const days of [7, 90]) {
    await page.getByRole('radiogroup', { name: 'Período' }).getByText(`${days} dias`).click();
    await expect(page).toHaveURL(at(`?period=${days}d`));
    await expectComparison(page, `period=${days}d`, days);
  }
  await page.goBack();
  await expectComparison(page, 'period=7d', 7);
});

test('Agente: o uso de um só, por mouse e teclado; Todos os agentes volta ao todo', async ({ page }) => {
  const { agents } = await api<TenantAgents>('gestora', '/tenant/agents?status=all');
  const [first, second] = agents;
  if (!first || !second) throw new Error('not enough agents');
  await open(page, '?period=7d');
  await agentSelect(page).click();
  await page.getByRole('option', { name: first.name, exact: true }).click();
  await expect(page).toHaveURL(at(`?period=7d&agent_id=${first.id}`));
  await expectComparison(page, `period=7d&agent_id=${first.id}`, 7);

  await agentSelect(page).focus();
  await agentSelect(page).fill(second.name);
  await expect(page.getByRole('option')).toHaveText([second.name]);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(at(`?period=7d&agent_id=${second.id}`));
  await agentSelect(page).fill('ninguém');
  await expect(page.getByText('Nenhum agente com esse nome')).toBeVisible();
  await page.keyboard.press('Escape');

  await page.goBack();
  await expect(agentSelect(page)).toHaveValue(first.name);
  await agentSelect(page).focus();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Todos os agentes' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(at('?period=7d'));
  await expectComparison(page, 'period=7d', 7);
});

test('Ver como tabela: cada gráfico diz em números o que desenha', async ({ page }) => {
  const { daily_data, by_agent, summary } = await usage('period=7d');
  await open(page, '?period=7d');
  const charts: [string, string, string[][]][] = [
    [
      'Requisições por dia',
      '.recharts-bar-rectangle',
      daily_data.map((counts) => [
        day(counts.date),
        integer(counts.successful_requests),
        integer(counts.failed_requests),
      ]),
    ],
    [
      'Tempo de resposta',
      '.recharts-line-curve',
      daily_data.map((times) => [
        day(times.date),
        milliseconds(times.p50_response_time_ms),
        milliseconds(times.p95_response_time_ms),
      ]),
    ],
    [
      'Requisições por agente',
      '.recharts-bar-rectangle',
      by_agent.map(({ agent_name, total_requests }) => [agent_name ?? '–', integer(total_requests)]),
    ],
  ];
  for (const [name, drawn, rows] of charts) {
    const chart = panel(page, name);
    await expectDrawn(chart.locator(drawn));
    await chart.getByRole('button', { name: 'Ver como tabela' }).click();
    await expect.poll(() => cells(chart.getByRole('table'))).toEqual(rows);
  }
  const [most] = by_agent;
  const share = Math.round((100 * (most?.total_requests ?? 0)) / summary.total_requests);
  await expect(panel(page, 'Requisições por agente').getByRole('figure')).toHaveAccessibleDescription(
    `${by_agent.length} agentes tiveram requisições; ${most?.agent_name} teve ${share}% delas.`,
  );
});

test('Por agente: as parcelas somam o total, e cada nome leva ao uso do agente', async ({ page }) => {
  const { by_agent, summary } = await usage('period=90d');
  await open(page, '?period=90d');
  const table = page.getByRole('table', { name: 'Por agente' });
  await expect
    .poll(() => cells(table))
    .toEqual(
      by_agent.map((used) => [
        used.agent_name ?? '–',
        integer(used.total_requests),
        percent(used.success_rate),
        milliseconds(used.p95_response_time_ms),
      ]),
    );
  const shown = (await column(table, 1)).map((text) => Number(text?.replaceAll('.', '')));
  expect(shown.reduce((sum, count) => sum + count, 0)).toBe(summary.total_requests);
  const linked = by_agent.find(({ agent_id }) => agent_id !== null);
  await table.getByRole('link', { name: linked?.agent_name ?? '' }).click();
  await expect(page).toHaveURL(at(`?period=90d&agent_id=${linked?.agent_id}`));
  await expectComparison(page, `period=90d&agent_id=${linked?.agent_id}`, 90);
});

const DAYS: [string, keyof UsageDay, (value: never) => string][] = [
  ['Dia', 'date', day as (value: never) => string],
  ['Requisições', 'total_requests', integer],
  ['Com falha', 'failed_requests', integer],
  ['Sucesso', 'success_rate', percent],
  ['Tempo médio', 'avg_response_time_ms', milliseconds],
  ['p95', 'p95_response_time_ms', milliseconds],
  ['Tokens', 'total_tokens_used', integer],
];

test('Dia a dia: o mais novo primeiro; cada coluna ordena', async ({ page }) => {
  const { daily_data } = await usage('period=7d');
  await open(page, '?period=7d');
  const table = page.getByRole('table', { name: 'Dia a dia' });
  await expect
    .poll(() => cells(table))
    .toEqual(daily_data.toReversed().map((counts) => DAYS.map(([, key, write]) => write(counts[key] as never))));
  // A column keeps the direction of the one before; the same column again turns it round.
  let descending = true;
  for (const [index, [name, key, write]] of DAYS.entries()) {
    const ascending = daily_data
      .toSorted((a, b) => (a[key] < b[key] ? -1 : Number(a[key] > b[key])))
      .map((counts) => write(counts[key] as never));
    const head = table.getByRole('button', { name: new RegExp(`^${name}`) });
    for (const turns of [name === 'Dia', true]) {
      if (turns) descending = !descending;
      await head.click();
      await expect.poll(() => column(table, index)).toEqual(descending ? ascending.toReversed() : ascending);
    }
  }
});

test('Dia a dia: página por página, e fica no endereço', async ({ page }) => {
  const { daily_data } = await usage('period=30d');
  const newest = daily_data.toReversed().map(({ date }) => day(date));
  await open(page);
  const rows = panel(page, 'Dia a dia');
  const dates = () => column(rows.getByRole('table'), 0);
  await expect.poll(dates).toEqual(newest.slice(0, 10));
  await expect(rows.getByRole('status')).toHaveText('1–10 de 30');
  await rows.getByRole('button', { name: 'Próxima página' }).click();
  await expect(page).toHaveURL(at('?page=2'));
  await expect.poll(dates).toEqual(newest.slice(10, 20));
  await rows.getByRole('button', { name: 'Página 3' }).click();
  await expect(rows.getByRole('status')).toHaveText('21–30 de 30');
  await expect.poll(dates).toEqual(newest.slice(20));
  await page.reload();
  await expect.poll(dates).toEqual(newest.slice(20));
});

test('Baixar CSV: byte por byte o que a API responde ao mesmo pedido', async ({ page }) => {
  const { agents } = await api<TenantAgents>('gestora', '/tenant/agents?status=all');
  for (const query of ['period=90d', `period=7d&agent_id=${agents[0]?.id}`]) {
    await open(page, `?${query}`);
    const downloaded = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Baixar CSV' }).click();
    const download = await downloaded;
    expect(download.suggestedFilename()).toBe(`uso-${query.slice(7, 10).replace('&', '')}.csv`);
    const answer = await fetch(`${stack.api_url}/tenant/usage?${query}`, {
      headers: { Authorization: `Bearer ${await idToken('gestora')}`, Accept: 'text/csv' },
    });
    expect(await readFile(await download.path())).toEqual(Buffer.from(await answer.arrayBuffer()));
    await expect(page.getByText(`${download.suggestedFilename()} foi baixado.`)).toBeVisible();
  }
});

test('Baixar CSV: se não é possível, diz por quê, com o código para o suporte', async ({ page, problems }) => {
  problems.expect(/^500 GET \/api\/tenant\/usage/);
  await open(page);
  await expect(page.locator('dl')).toBeVisible();
  await page.route('**/api/tenant/usage**', (route) =>
    route.fulfill({ status: 500, json: { code: 'internal', request_id: 'req-csv' } }),
  );
  await page.getByRole('button', { name: 'Baixar CSV' }).click();
  const dialog = page.getByRole('dialog', { name: 'O CSV não pôde ser baixado' });
  await expect(dialog).toContainText('req-csv');
  await expect(dialog.getByRole('button', { name: 'Copiar' })).toBeVisible();
});
