/** The first page: every number is the API's, written as Brazilians do, and leads to what it is made of. */
import type { Page } from '@playwright/test';
import type { TenantAgents, TenantIncidents, TenantIntegrations, TenantMe, TenantUsage } from '../src/api/generated';
import { api, expect, signIn, stack, test } from './fixtures.ts';
import { cells, day, instant, integer, percent, trend } from './written.ts';

const at = (path: string) => new URL(path, stack.web_url).href;
const me = () => api<TenantMe>('gestora', '/tenant/me');
const usage = (period = '30d') => api<TenantUsage>('gestora', `/tenant/usage?period=${period}`);
const agents = () => api<TenantAgents>('gestora', '/tenant/agents?status=all');
const integrations = () => api<TenantIntegrations>('gestora', '/tenant/integrations');

const main = (page: Page) => page.getByRole('main');
const card = (page: Page, name: RegExp) => main(page).getByRole('link', { name });
const panel = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

test.beforeEach(async ({ page }) => {
  await signIn(page, 'gestora');
  await page.goto('/app/dashboard');
});

test('Agentes Ativos: o número, e os agentes por trás dele', async ({ page }) => {
  const { usage: used, limits } = await me();
  await expect(card(page, /^Agentes Ativos/)).toContainText(
    `${integer(used.active_agents)}de ${integer(limits.max_agents)} do plano`,
  );
  await card(page, /^Agentes Ativos/).click();
  await expect(page).toHaveURL(at('/app/dashboard/agents?status=active'));
  await expect(page.getByRole('table', { name: 'Agentes' }).getByRole('link')).toHaveCount(used.active_agents);
});

test('Requisições (30d): o número, a tendência, e o uso por trás dele', async ({ page }) => {
  const { summary, trend: change } = await usage();
  const requests = card(page, /^Requisições \(30d\)/);
  await expect(requests).toContainText(integer(summary.total_requests));
  await expect(requests).toContainText(trend(change.total_requests, 'percent', 30));
  await requests.click();
  await expect(page).toHaveURL(at('/app/dashboard/usage?period=30d'));
  await expect(main(page).locator('dl')).toContainText(integer(summary.total_requests));
});

test('Taxa de Sucesso: o número, a diferença em pontos, e o uso por trás dele', async ({ page }) => {
  const { summary, trend: change } = await usage();
  const rate = card(page, /^Taxa de Sucesso/);
  await expect(rate).toContainText(percent(summary.success_rate));
  await expect(rate).toContainText(trend(change.success_rate, 'points', 30));
  await rate.click();
  await expect(page).toHaveURL(at('/app/dashboard/usage?period=30d'));
});

test('Integrações: quantas, quantas com erro, e as integrações por trás', async ({ page }) => {
  const { integrations: all } = await integrations();
  const errors = all.filter(({ status }) => status === 'error').length;
  await expect(card(page, /^Integrações/)).toContainText(`${all.length}`);
  await expect(card(page, /^Integrações/)).toContainText(errors === 0 ? 'nenhuma com erro' : `${errors} com erro`);
  await card(page, /^Integrações/).click();
  await expect(page).toHaveURL(at('/app/dashboard/integrations'));
  await expect(page.getByRole('radio', { name: `Todas (${all.length})` })).toBeChecked();
});

test('Período: 7, 30 e 90 dias ficam no endereço e no botão de voltar, com os números de cada um', async ({ page }) => {
  const expectPeriod = async (days: number) => {
    const { summary, trend: change, from, to } = await usage(`${days}d`);
    await expect(page.getByRole('radio', { name: `${days} dias` })).toBeChecked();
    const requests = card(page, new RegExp(`^Requisições \\(${days}d\\)`));
    await expect(requests).toContainText(integer(summary.total_requests));
    await expect(requests).toContainText(trend(change.total_requests, 'percent', days));
    await expect(card(page, /^Taxa de Sucesso/)).toContainText(percent(summary.success_rate));
    await expect(panel(page, 'Uso')).toContainText(`Requisições por dia, de ${day(from)} a ${day(to)} (UTC)`);
    await expect(page.getByRole('link', { name: 'Ver uso' })).toHaveAttribute(
      'href',
      `/app/dashboard/usage?period=${days}d`,
    );
  };
  const choose = (name: string) => page.getByRole('radiogroup', { name: 'Período' }).getByText(name).click();
  await expectPeriod(30);
  await choose('7 dias');
  await expect(page).toHaveURL(at('/app/dashboard?period=7d'));
  await expectPeriod(7);
  await choose('90 dias');
  await expect(page).toHaveURL(at('/app/dashboard?period=90d'));
  await expectPeriod(90);
  await page.goBack();
  await expectPeriod(7);
  await page.goBack();
  await expect(page).toHaveURL(at('/app/dashboard'));
  await expectPeriod(30);
  await page.goForward();
  await expectPeriod(7);
});

test('atualizado há …: desde a última contagem da API', async ({ page }) => {
  const { as_of } = await usage();
  if (!as_of) throw new Error('nothing was counted');
  await page.clock.setFixedTime(new Date(as_of).getTime() + 7 * 60_000);
  await page.reload();
  const updated = page.getByText('atualizado há 7 minutos');
  await expect(updated).toHaveAttribute('datetime', as_of);
  await expect(page.getByTitle(`Conta tudo o que chegou até ${instant(as_of)}`)).toBeVisible();
});

test('Limites do plano: o que se usa e o que ainda cabe', async ({ page }) => {
  const { usage: used, limits, plan } = await me();
  const headroom = panel(page, 'Limites do plano');
  await expect(headroom).toContainText(`Plano ${plan}`);
  const shares: [string, number, number][] = [
    ['Agentes', used.active_agents, limits.max_agents],
    ['Usuários', used.active_users, limits.max_users],
    ['Requisições no mês (UTC)', used.requests_this_month, limits.max_requests_per_month],
  ];
  for (const [name, count, limit] of shares) {
    const bar = headroom.getByRole('progressbar', { name });
    await expect(bar).toHaveAttribute('aria-valuetext', `${integer(count)} de ${integer(limit)}`);
    await expect(bar).toHaveAttribute('aria-valuenow', `${Math.min(count, limit)}`);
    await expect(bar).toHaveAttribute('aria-valuemax', `${limit}`);
    await expect(headroom).toContainText(
      count === limit ? 'Não resta nada' : new RegExp(`Restam? ${integer(limit - count)}`),
    );
  }
});

test('Uso: o gráfico, seu resumo, e Ver como tabela com os mesmos números', async ({ page }) => {
  const { daily_data, summary, from, to } = await usage();
  const chart = panel(page, 'Uso');
  await expect(chart.locator('.recharts-bar-rectangle').first()).toBeVisible();
  await expect(chart.getByText('Requisições', { exact: true })).toBeVisible();
  await expect(chart.getByRole('figure')).toHaveAccessibleDescription(
    new RegExp(`^${integer(summary.total_requests)} requisições de ${day(from)} a ${day(to)}`),
  );
  await chart.getByRole('button', { name: 'Ver como tabela' }).click();
  await expect
    .poll(() => cells(chart.getByRole('table')))
    .toEqual(
      daily_data.map((counts) => [
        day(counts.date),
        integer(counts.successful_requests),
        integer(counts.failed_requests),
      ]),
    );
  await chart.getByRole('button', { name: 'Ocultar tabela' }).click();
  await expect(chart.getByRole('table')).toHaveCount(0);
  await chart.getByRole('link', { name: 'Ver uso' }).click();
  await expect(page).toHaveURL(at('/app/dashboard/usage?period=30d'));
});

test('Agentes: os mais usados, cada um com o caminho a seu uso; Ver agentes', async ({ page }) => {
  const most = (await agents()).agents
    .toSorted((a, b) => b.usage_last_30_days.total_requests - a.usage_last_30_days.total_requests)
    .slice(0, 6);
  const list = panel(page, 'Agentes');
  await expect(list.getByRole('listitem')).toHaveText(
    most.map(
      ({ name, usage_last_30_days: used, status }) =>
        `${name}${integer(used.total_requests)} requisições, ${percent(used.success_rate)} com sucesso${status === 'active' ? 'Ativo' : 'Inativo'}`,
    ),
  );
  for (const { name, id } of most) {
    await expect(list.getByRole('link', { name })).toHaveAttribute('href', `/app/dashboard/usage?agent_id=${id}`);
  }
  await list.getByRole('link', { name: 'Ver agentes' }).click();
  await expect(page).toHaveURL(at('/app/dashboard/agents'));
});

test('Status das integrações: primeiro as que precisam de alguém; Ver integrações', async ({ page }) => {
  const { integrations: all } = await integrations();
  const urgency = ['error', 'inactive', 'active'];
  const ordered = all
    .toSorted((a, b) => a.name.localeCompare(b.name, 'pt-BR'))
    .toSorted((a, b) => urgency.indexOf(a.status) - urgency.indexOf(b.status))
    .slice(0, 6);
  const list = panel(page, 'Status das integrações');
  await expect(list.getByRole('listitem')).toHaveCount(ordered.length);
  for (const [index, { name, status, last_error, last_sync_at }] of ordered.entries()) {
    const item = list.getByRole('listitem').nth(index);
    await expect(item).toContainText(name);
    await expect(item).toContainText({ active: 'Ativa', inactive: 'Inativa', error: 'Com erro' }[status] ?? status);
    await expect(item).toContainText(last_error ?? (last_sync_at ? 'sincronizada' : 'nunca sincronizada'));
  }
  await list.getByRole('link', { name: 'Ver integrações' }).click();
  await expect(page).toHaveURL(at('/app/dashboard/integrations'));
});

test('Incidentes recentes: os cinco mais novos; Ver incidentes', async ({ page }) => {
  const { incidents } = await api<TenantIncidents>('gestora', '/tenant/incidents?limit=5');
  const list = panel(page, 'Incidentes recentes');
  await expect(list.getByRole('listitem')).toHaveCount(incidents.length);
  for (const [index, { title, created_at, resolved_at, scope }] of incidents.entries()) {
    const item = list.getByRole('listitem').nth(index);
    await expect(item).toContainText(title);
    await expect(item).toContainText(
      resolved_at ? `${instant(created_at)} a ${instant(resolved_at)}` : `desde ${instant(created_at)}`,
    );
    await expect(item).toContainText(scope === 'platform' ? 'Plataforma' : 'Sua empresa');
  }
  await list.getByRole('link', { name: 'Ver incidentes' }).click();
  await expect(page).toHaveURL(at('/app/dashboard/support'));
});
