/** Commands, from the form to their end, and what they did: observed, never assumed. */
import { randomUUID } from 'node:crypto';
import type { Locator, Page } from '@playwright/test';
import type {
  AcceptedCommand,
  CommandDetails,
  Commands,
  InternalIntegrations,
  ManagedAgents,
  NewCommand,
  Options,
  TenantRecord,
} from '../src/api/generated';
import { choose, chooseTenant, expectCsv } from './controls.ts';
import { api, aws, change, expect, expectAccessible, lambda, settled, signIn, sql, stack, test } from './fixtures.ts';
import { newTenant, retire, uniqueName } from './temporary.ts';
import { cells, column, instant, integer } from './written.ts';

// One queue, one tenant.
test.describe.configure({ mode: 'serial' });

const OPERATIONS = '/app/company/operations';
const PAGE_SIZE = 20;
/** A command may wait for others, and for the stream that brings it. */
const ENDS = { timeout: 45_000 };
/** Messages that take seconds to move. */
const MANY = 6000;

let tenant: TenantRecord;
let secret: string;
const agent = { inactive: '', suspended: '' };
const integration = { whole: randomUUID(), bare: randomUUID(), broken: randomUUID() };
const names: Record<string, string> = {};

test.beforeAll(async () => {
  tenant = await newTenant({ name: uniqueName('operações') });
  const { agents } = await api<Options>('admin', '/internal/options');
  const [first, second] = agents;
  if (!first || !second) throw new Error('the catalogue has not enough agents');
  for (const [key, { id, name }] of [
    ['inactive', first],
    ['suspended', second],
  ] as const) {
    agent[key] = id;
    names[id] = name;
    await sql('INSERT INTO tenant_agents (tenant_id, agent_id, status) VALUES (%s, %s, %s)', tenant.id, id, key);
  }
  const created = await aws<{ ARN: string }>('secretsmanager', 'CreateSecret', {
    Name: `painel/local/integration/${integration.whole}`,
    SecretString: JSON.stringify({ access_token: 'antigo', refresh_token: 'antigo', client_id: 'fica' }),
  });
  secret = created.ARN;
  for (const [id, name, status, arn] of [
    [integration.whole, 'Agenda completa', 'active', secret],
    [integration.bare, 'Agenda sem credenciais', 'active', null],
    [integration.broken, 'Agenda quebrada', 'error', null],
  ] as const) {
    await sql(
      `INSERT INTO tenant_integrations (id, tenant_id, integration_type, integration_name, status, credentials_secret_arn)
       VALUES (%s, %s, 'calendar', %s, %s, %s)`,
      ...[id, tenant.id, name, status, arn],
    );
  }
});

test.afterAll(async () => {
  await sql('DELETE FROM tenant_integrations WHERE tenant_id = %s', tenant.id);
  await sql('DELETE FROM tenant_agents WHERE tenant_id = %s', tenant.id);
  await aws('secretsmanager', 'DeleteSecret', { SecretId: secret, ForceDeleteWithoutRecovery: true });
  await retire(tenant);
});

const form = (page: Page) => page.getByRole('form', { name: 'Executar comando' });
const drawer = (page: Page) => page.getByRole('dialog', { name: 'Comando', exact: true });
const history = (page: Page) => page.getByRole('region', { name: 'Histórico de comandos' });
const details = (id: string) => api<CommandDetails>('suporte', `/internal/operations/commands/${id}`);
const create = (command: NewCommand) =>
  change<AcceptedCommand>('suporte', 'POST', '/internal/operations/commands', command);

async function open(page: Page, query = ''): Promise<void> {
  await signIn(page, 'suporte');
  await page.goto(`${OPERATIONS}${query}`);
}

/** Sends what is in the form; returns the command's identifier, which the address then names. */
async function send(page: Page, confirmed?: string): Promise<string> {
  await form(page).getByRole('button', { name: 'Executar' }).click();
  if (confirmed) {
    await page
      .getByRole('dialog', { name: confirmed, exact: true })
      .getByRole('button', { name: 'Executar agora' })
      .click();
  }
  return shownCommand(page);
}

async function shownCommand(page: Page, other = ''): Promise<string> {
  const shown = () => new URL(page.url()).searchParams.get('command') ?? '';
  await expect.poll(shown).toMatch(/^[0-9a-f-]{36}$/);
  await expect.poll(shown).not.toBe(other);
  return shown();
}

/** Waits for the end in the drawer, as a person does, and compares it with what the API says. */
async function expectEnd(page: Page, id: string, status: 'Concluído' | 'Com erro'): Promise<CommandDetails> {
  await expect(drawer(page).getByRole('status')).toHaveText(status, ENDS);
  await expect(drawer(page)).toContainText(id);
  const ended = await details(id);
  expect(ended.command.status).toBe(status === 'Concluído' ? 'SUCCESS' : 'ERROR');
  return ended;
}

async function expectError(page: Page, id: string, message: string): Promise<void> {
  const { command } = await expectEnd(page, id, 'Com erro');
  expect(command.error_message).toContain(message);
  await expect(drawer(page).getByRole('alert')).toContainText(command.error_message ?? '');
}

const fact = (scope: Locator, label: string) =>
  scope
    .locator('dl > div')
    .filter({ has: scope.page().locator('dt', { hasText: new RegExp(`^${label}$`) }) })
    .locator('dd')
    .first();

test.describe('Reprocessar fila', () => {
  interface Received {
    Messages?: { MessageId: string; Body: string; ReceiptHandle: string }[];
  }

  /** Takes everything out of a queue. */
  async function take(QueueUrl: string): Promise<string[]> {
    const bodies: string[] = [];
    for (;;) {
      const { Messages = [] } = await aws<Received>('sqs', 'ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
      if (Messages.length === 0) return bodies;
      bodies.push(...Messages.map(({ Body }) => Body));
      const Entries = Messages.map(({ MessageId: Id, ReceiptHandle }) => ({ Id, ReceiptHandle }));
      await aws('sqs', 'DeleteMessageBatch', { QueueUrl, Entries });
    }
  }

  async function put(QueueUrl: string, bodies: string[]): Promise<void> {
    for (let from = 0; from < bodies.length; from += 10) {
      const Entries = bodies.slice(from, from + 10).map((MessageBody, index) => ({ Id: String(index), MessageBody }));
      await aws('sqs', 'SendMessageBatch', { QueueUrl, Entries });
    }
  }

  const { demo_queue_url: queueUrl, demo_dead_letter_queue_url: deadLettersUrl } = stack;
  const queue = queueUrl.split('/').at(-1) ?? '';
  const before = { queue: [] as string[], deadLetters: [] as string[] };

  test.beforeEach(async () => {
    before.queue = await take(queueUrl);
    before.deadLetters = await take(deadLettersUrl);
  });

  test.afterEach(async () => {
    await take(queueUrl);
    await take(deadLettersUrl);
    await put(queueUrl, before.queue);
    await put(deadLettersUrl, before.deadLetters);
  });

  test('Reprocessar fila: as mensagens voltam à fila, até o máximo pedido', async ({ page }) => {
    const bodies = Array.from({ length: 12 }, (_, index) => `mensagem ${index} de ${randomUUID()}`);
    await put(deadLettersUrl, bodies);
    await open(page);
    await choose(form(page), 'Comando', 'Reprocessar fila');
    await choose(form(page), 'Fila', queue);
    await form(page).getByLabel('Máximo de mensagens').fill('9');
    const id = await send(page, 'Reprocessar fila');
    await expectEnd(page, id, 'Concluído');
    await expect(fact(drawer(page), 'Movidas')).toHaveText('9');
    await expect(fact(drawer(page), 'Fila')).toHaveText(queue);
    const [back, left] = [await take(queueUrl), await take(deadLettersUrl)];
    expect(back).toHaveLength(9);
    expect(left).toHaveLength(3);
    expect([...back, ...left].toSorted()).toEqual(bodies.toSorted());
  });

  test('Reprocessar fila: com erro se a fila deixou de existir; nenhuma mensagem se move', async ({ page }) => {
    await put(deadLettersUrl, ['fica']);
    await page.route('**/api/internal/options', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ json: { ...(await answer.json()), queues: ['fila-removida'] } });
    });
    await open(page);
    await choose(form(page), 'Comando', 'Reprocessar fila');
    await choose(form(page), 'Fila', 'fila-removida');
    await expectError(page, await send(page, 'Reprocessar fila'), 'unknown queue');
    expect(await take(deadLettersUrl)).toEqual(['fica']);
  });

  test('Reprocessar fila: em andamento até que termine, com o que já foi movido', async ({ page }) => {
    test.slow();
    const bodies = Array.from({ length: MANY }, (_, index) => `mensagem ${index}`);
    await put(deadLettersUrl, bodies);
    await open(page);
    await choose(form(page), 'Comando', 'Reprocessar fila');
    await choose(form(page), 'Fila', queue);
    await form(page).getByLabel('Máximo de mensagens').fill(String(MANY));
    const id = await send(page, 'Reprocessar fila');
    await expect(drawer(page).getByRole('status')).toHaveText('Em execução');
    await expect(drawer(page).getByRole('progressbar', { name: 'Em andamento' })).toBeVisible();
    await expect(drawer(page).getByRole('button', { name: 'Executar novamente' })).toHaveCount(0);
    const moved = async () => {
      const written = await drawer(page).getByText('mensagens movidas até agora').textContent();
      return Number(written?.replaceAll(/\D/g, ''));
    };
    const first = await moved();
    await expect.poll(moved).toBeGreaterThan(first);
    expect((await details(id)).command.status).toBe('RUNNING');
    await expectEnd(page, id, 'Concluído');
    await expect(fact(drawer(page), 'Movidas')).toHaveText(integer(MANY));
    await expect(drawer(page).getByRole('progressbar')).toHaveCount(0);
    await expect(drawer(page).getByRole('button', { name: 'Executar novamente' })).toBeVisible();
    expect((await take(queueUrl)).toSorted()).toEqual(bodies.toSorted());
    expect(await take(deadLettersUrl)).toEqual([]);
  });
});

test.describe('Redefinir token', () => {
  const stateOf = async (id: string) => {
    const path = `/internal/integrations?limit=100&tenant_id=${tenant.id}`;
    const { integrations } = await api<InternalIntegrations>('suporte', path);
    return integrations.find((one) => one.id === id);
  };

  test('Redefinir token: os tokens somem do segredo, e a integração espera nova autorização', async ({ page }) => {
    await open(page);
    await choose(form(page), 'Comando', 'Redefinir token');
    await chooseTenant(form(page), tenant.name);
    await choose(form(page), 'Integração', 'Agenda completa');
    const id = await send(page, 'Redefinir token');
    await expectEnd(page, id, 'Concluído');
    await expect(fact(drawer(page), 'Apagados')).toHaveText('access_token, refresh_token');
    await expect(fact(drawer(page), 'Tenant')).toHaveText(tenant.name);
    const after = await stateOf(integration.whole);
    expect(after?.status).toBe('inactive');
    expect(after?.last_error).toContain('reautorização');
    const { SecretString } = await aws<{ SecretString: string }>('secretsmanager', 'GetSecretValue', {
      SecretId: secret,
    });
    expect(JSON.parse(SecretString)).toEqual({ access_token: '', refresh_token: '', client_id: 'fica' });
  });

  test('Redefinir token: com erro se a integração não tem credenciais', async ({ page }) => {
    await open(page, `?type=RESET_TOKEN&tenant=${tenant.id}&integration=${integration.bare}`);
    await expect(form(page).getByRole('combobox', { name: 'Integração' })).toHaveValue('Agenda sem credenciais');
    await expectError(page, await send(page, 'Redefinir token'), 'no credentials');
    expect((await stateOf(integration.bare))?.status).toBe('active');
  });
});

test.describe('Reiniciar agente', () => {
  const stateOf = async (id: string) => {
    const { agents } = await api<ManagedAgents>('suporte', `/internal/tenants/${tenant.id}/agents`);
    return agents.find((one) => one.id === id);
  };

  test('Reiniciar agente: fica ativo, com a hora do reinício, e a plataforma é avisada', async ({ page }) => {
    const { inactive } = agent;
    await open(page);
    await choose(form(page), 'Comando', 'Reiniciar agente');
    await chooseTenant(form(page), tenant.name);
    await choose(form(page), 'Agente', names[inactive] ?? '');
    const id = await send(page, 'Reiniciar agente');
    const { command } = await expectEnd(page, id, 'Concluído');
    const after = await stateOf(inactive);
    expect(after?.status).toBe('active');
    expect(after?.restarted_at).toBe(command.started_at);
    await expect(fact(drawer(page), 'Status anterior')).toHaveText('inactive');
    await expect
      .poll(
        async () => {
          const { Messages = [] } = await aws<{ Messages?: { Body: string }[] }>('sqs', 'ReceiveMessage', {
            QueueUrl: stack.demo_consumer_queue_url,
            MaxNumberOfMessages: 10,
            // Those that were looked at stay out of the way: other tests' agents were restarted too.
            VisibilityTimeout: 60,
          });
          return Messages.some(({ Body }) => Body.includes(id));
        },
        { ...ENDS, intervals: [50] },
      )
      .toBe(true);
  });

  test('Reiniciar agente: com erro se o agente está suspenso, e assim fica', async ({ page }) => {
    await open(page, `?type=RESTART_AGENT&tenant=${tenant.id}&agent=${agent.suspended}`);
    await expect(form(page).getByRole('combobox', { name: 'Agente' })).toHaveValue(names[agent.suspended] ?? '');
    await expectError(page, await send(page, 'Reiniciar agente'), 'agent suspended');
    expect(await stateOf(agent.suspended)).toMatchObject({ status: 'suspended', restarted_at: null });
  });
});

test('Verificar saúde: o que não vai bem é um resultado, e não um erro', async ({ page }) => {
  await open(page);
  await expect(form(page).getByRole('combobox', { name: 'Comando' })).toHaveValue('Verificar saúde');
  await chooseTenant(form(page), tenant.name);
  const id = await send(page);
  const { command } = await expectEnd(page, id, 'Concluído');
  const output: { checks: Record<string, { ok: boolean; detail: string }>; status: string } = JSON.parse(
    command.output ?? '',
  );
  expect(output.checks.integrations?.ok).toBe(false);
  const result = drawer(page).getByRole('region', { name: 'Resultado' });
  await expect(result).toContainText(output.status);
  for (const { detail } of Object.values(output.checks)) await expect(result).toContainText(detail);
  await expect(fact(drawer(page), 'Integrações')).toContainText('Em ordemnão');
  await expect(fact(drawer(page), 'Banco de dados')).toContainText('Em ordemsim');
});

test('Verificar saúde: com erro se ninguém a executa em cinco minutos', async ({ page }) => {
  const { EventSourceMappings: mappings } = await lambda<{ EventSourceMappings: { UUID: string }[] }>(
    'GET',
    `/event-source-mappings/?FunctionName=${stack.functions.commands}`,
  );
  const deliver = async (Enabled: boolean) => {
    for (const { UUID } of mappings) await lambda('PUT', `/event-source-mappings/${UUID}`, { Enabled });
  };
  await deliver(false);
  try {
    await open(page, `?type=HEALTH_CHECK&tenant=${tenant.id}`);
    await expect(form(page).getByRole('combobox', { name: 'Tenant' })).toHaveValue(tenant.name);
    const id = await send(page);
    await expect(drawer(page).getByRole('status')).toHaveText('Na fila');
    await expect(drawer(page).getByRole('progressbar', { name: 'Em andamento' })).toBeVisible();
    await makeOlder(id, 6);
    await lambda('POST', `/functions/${stack.functions.commands}/invocations`, { run: 'reaper' });
    await expectError(page, id, 'not started');
  } finally {
    await deliver(true);
  }
});

/** As if a command had been created some minutes before it was. */
async function makeOlder(id: string, minutes: number): Promise<void> {
  const TableName = stack.commands_table;
  const { Items } = await aws<{ Items: { created_at: { S: string } }[] }>('dynamodb', 'Query', {
    TableName,
    KeyConditionExpression: 'command_id = :id',
    ExpressionAttributeValues: { ':id': { S: id } },
  });
  const [item] = Items;
  if (!item) throw new Error(`there is no command ${id}`);
  const older = new Date(Date.parse(item.created_at.S) - 60_000 * minutes).toISOString();
  await aws('dynamodb', 'DeleteItem', { TableName, Key: { command_id: { S: id }, created_at: item.created_at } });
  await aws('dynamodb', 'PutItem', { TableName, Item: { ...item, created_at: { S: older } } });
}

test.describe('Executar comando', () => {
  const FIELDS: [string, string[]][] = [
    ['Reprocessar fila', ['Fila', 'Máximo de mensagens']],
    ['Redefinir token', ['Tenant', 'Integração']],
    ['Reiniciar agente', ['Tenant', 'Agente']],
    ['Verificar saúde', ['Tenant', 'Verificações']],
  ];

  test('Executar comando: os campos seguem o tipo, e os obrigatórios são cobrados', async ({ page }) => {
    const sent: string[] = [];
    page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()));
    await open(page);
    const labels = [...new Set(FIELDS.flatMap(([, fields]) => fields))];
    for (const [type, fields] of FIELDS) {
      await choose(form(page), 'Comando', type);
      for (const label of labels) {
        await expect(
          form(page)
            .getByRole('textbox', { name: label })
            .or(form(page).getByRole('combobox', { name: label })),
        ).toHaveCount(fields.includes(label) ? 1 : 0);
      }
      if (type === 'Verificar saúde') continue;
      await form(page).getByRole('button', { name: 'Executar' }).click();
      await expect(form(page).getByText('Preencha este campo').first()).toBeVisible();
    }
    await choose(form(page), 'Comando', 'Reprocessar fila');
    await form(page).getByLabel('Máximo de mensagens').fill('');
    await form(page).getByRole('button', { name: 'Executar' }).click();
    await expect(form(page).getByText('De 1 a 10.000')).toBeVisible();
    await expectAccessible(page);
    expect(sent.filter((url) => url.includes('/operations/'))).toEqual([]);
  });

  test('Cancelar: sem confirmação nada é enviado', async ({ page }) => {
    const sent: string[] = [];
    page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()));
    await open(page, `?type=RESTART_AGENT&tenant=${tenant.id}&agent=${agent.inactive}`);
    await expect(form(page).getByRole('combobox', { name: 'Agente' })).toHaveValue(names[agent.inactive] ?? '');
    await form(page).getByRole('button', { name: 'Executar' }).click();
    const question = page.getByRole('dialog', { name: 'Reiniciar agente' });
    await expect(question).toContainText('Continuar?');
    await expectAccessible(page);
    await question.getByRole('button', { name: 'Cancelar' }).click();
    await expect(question).toBeHidden();
    await settled(page);
    expect(sent.filter((url) => url.includes('/operations/'))).toEqual([]);
    expect(page.url()).not.toContain('command=');
  });
});

test.describe('Histórico de comandos', () => {
  test('Executar novamente: um novo comando, igual ao primeiro, depois de confirmado', async ({ page }) => {
    const { command_id } = await create({
      command_type: 'REPROCESS_QUEUE',
      parameters: { queue: 'nao-existe', max_messages: 3 },
    });
    await open(page, `?command=${command_id}`);
    await expectError(page, command_id, 'unknown queue');
    await drawer(page).getByRole('button', { name: 'Executar novamente' }).click();
    await page
      .getByRole('dialog', { name: 'Executar novamente' })
      .getByRole('button', { name: 'Executar agora' })
      .click();
    const again = await shownCommand(page, command_id);
    await expectError(page, again, 'unknown queue');
    const [first, second] = [await details(command_id), await details(again)];
    expect(second.command.parameters).toEqual(first.command.parameters);
    expect(second.command.command_type).toBe(first.command.command_type);
    await page.goBack();
    await expect(drawer(page)).toContainText(command_id);
  });

  test('?command=: um link mostra o comando, com tempos, autor, parâmetros e trilha; Fechar o tira do endereço', async ({
    page,
  }) => {
    const { command_id } = await create({
      command_type: 'HEALTH_CHECK',
      tenant_id: tenant.id,
      parameters: { checks: ['commands_table'] },
    });
    await open(page, `?command=${command_id}`);
    await expectEnd(page, command_id, 'Concluído');
    const trail = drawer(page).getByRole('region', { name: 'Trilha de auditoria' });
    for (const title of ['Comando criado', 'Comando iniciado', 'Comando concluído']) {
      await expect(trail.getByText(title, { exact: true })).toBeVisible();
    }
    const { command, audit } = await details(command_id);
    expect(audit).toHaveLength(3);
    await expect(fact(drawer(page), 'Pedido por')).toHaveText(command.created_by);
    await expect(fact(drawer(page), 'Pedido em')).toHaveText(instant(command.created_at));
    await expect(fact(drawer(page), 'Iniciado em')).toHaveText(instant(command.started_at ?? ''));
    await expect(fact(drawer(page), 'Encerrado em')).toHaveText(instant(command.completed_at ?? ''));
    await expect(drawer(page).getByRole('region', { name: 'Parâmetros' })).toContainText('commands_table');
    await expectAccessible(page);
    await drawer(page).getByRole('button', { name: 'Fechar' }).click();
    await expect(drawer(page)).toBeHidden();
    expect(page.url()).not.toContain('command=');
  });

  test('Tipo, Status e Tenant: filtram a lista, ficam no endereço, e o CSV os segue', async ({ page }) => {
    await open(page);
    const rows = history(page).getByRole('table', { name: 'Histórico de comandos' });
    const expectRows = async (query: string) => {
      const path = `/internal/operations/commands?limit=${PAGE_SIZE}&${query}`;
      const wanted = async () =>
        (await api<Commands>('suporte', path)).commands.map(({ created_at }) => instant(created_at));
      await expect
        .poll(async () => JSON.stringify(await column(rows, 3)) === JSON.stringify(await wanted()))
        .toBe(true);
    };
    await chooseTenant(history(page), tenant.name);
    await expectRows(`tenant_id=${tenant.id}`);
    await choose(history(page), 'Status', 'Com erro');
    await expectRows(`tenant_id=${tenant.id}&status=ERROR`);
    expect(new Set(await column(rows, 1))).toEqual(new Set(['Com erro']));
    await choose(history(page), 'Tipo', 'Reiniciar agente');
    await expectRows(`tenant_id=${tenant.id}&status=ERROR&command_type=RESTART_AGENT`);
    expect((await cells(rows)).map(([what, status, whose]) => [what, status, whose])).toEqual([
      ['Reiniciar agente', 'Com erro', tenant.name],
    ]);
    await expect(page).toHaveURL(/of_tenant=.*of_type=RESTART_AGENT|of_type=RESTART_AGENT.*of_tenant=/);
    await expectCsv(
      page,
      'suporte',
      'comandos.csv',
      `/internal/operations/commands?command_type=RESTART_AGENT&status=ERROR&tenant_id=${tenant.id}`,
    );
    await page.reload();
    await expectRows(`tenant_id=${tenant.id}&status=ERROR&command_type=RESTART_AGENT`);
    await history(page).getByRole('button', { name: 'Limpar Tipo' }).click();
    await expectRows(`tenant_id=${tenant.id}&status=ERROR`);
    const first = rows.getByRole('button').first();
    await first.click();
    await expect(drawer(page).getByRole('status')).toHaveText('Com erro');
    await page.keyboard.press('Escape');
    await expect(drawer(page)).toBeHidden();
    await expect(first).toBeFocused();
  });

  test('Próxima página: página por página, e fica no endereço', async ({ page }) => {
    const path = `/internal/operations/commands?tenant_id=${tenant.id}&limit=100`;
    const { total: there } = await api<Commands>('suporte', path);
    const command: NewCommand = {
      command_type: 'HEALTH_CHECK',
      tenant_id: tenant.id,
      parameters: { checks: ['commands_table'] },
    };
    for (let made = there; made <= PAGE_SIZE; made++) await create(command);
    await expect.poll(async () => (await api<Commands>('suporte', path)).total).toBeGreaterThan(PAGE_SIZE);
    const { total, commands } = await api<Commands>('suporte', path);
    await open(page, `?of_tenant=${tenant.id}`);
    const rows = history(page).getByRole('table', { name: 'Histórico de comandos' });
    await expect.poll(() => column(rows, 0)).toHaveLength(PAGE_SIZE);
    await expect(history(page)).toContainText(`1–${PAGE_SIZE} de ${integer(total)}`);
    await history(page).getByRole('button', { name: 'Próxima página' }).click();
    await expect(page).toHaveURL(/page=2/);
    await expect
      .poll(() => column(rows, 3))
      .toEqual(commands.slice(PAGE_SIZE).map(({ created_at }) => instant(created_at)));
    await page.goBack();
    await expect.poll(() => column(rows, 0)).toHaveLength(PAGE_SIZE);
  });
});
