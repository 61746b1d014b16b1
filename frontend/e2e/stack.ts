/** The running system beside the browser: its people, its API, its servers. Knows nothing of Playwright. */
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

interface User {
  email: string;
  password: string;
  groups: string[];
  tenant_id: string | null;
  sub: string;
}

interface Stack {
  web_url: string;
  api_url: string;
  aws_endpoint_url: string;
  commands_table: string;
  functions: { commands: string };
  user_pool_id: string;
  user_pool_client_id: string;
  user_pool_client_secret: string;
  supervisor: string;
  database_roles: { app_migrator: string };
  demo_queue_url: string;
  demo_dead_letter_queue_url: string;
  demo_consumer_queue_url: string;
  users: User[];
}

/** What `make up` wrote about the system that is to be tested. */
export const stack: Stack = readStack();

function readStack(): Stack {
  const file = process.env.STACK_FILE;
  if (!file) throw new Error('STACK_FILE is not set: run these tests with `make test-e2e`');
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * Who uses the dashboard: `admin` and `suporte` of the internal team, `gestora` (TENANT_ADMIN) and `balcao`
 * (TENANT_USER) of one tenant, `diretor` (TENANT_ADMIN) of another, and somebody who is in no group.
 */
export const PERSONAS = ['admin', 'suporte', 'gestora', 'balcao', 'diretor', 'sem-grupo'] as const;
export type Persona = (typeof PERSONAS)[number];

/** The demo user whose address begins like the persona. */
export function userOf(persona: Persona): User {
  const user = stack.users.find(({ email }) => email.startsWith(`${persona}@`));
  if (!user) throw new Error(`There is no demo user ${persona}`);
  return user;
}

export function tenantOf(persona: Persona): string {
  const { tenant_id } = userOf(persona);
  if (!tenant_id) throw new Error(`${persona} belongs to no tenant`);
  return tenant_id;
}

/** The tenants whose people are `gestora` and `balcao`, and `diretor`. */
export const TENANT_A = tenantOf('gestora');
export const TENANT_B = tenantOf('diretor');

const SERVICES = {
  'cognito-idp': { target: 'AWSCognitoIdentityProviderService', version: '1.1' },
  secretsmanager: { target: 'secretsmanager', version: '1.1' },
  sqs: { target: 'AmazonSQS', version: '1.0' },
  dynamodb: { target: 'DynamoDB_20120810', version: '1.0' },
};

/** A call of an AWS API at the emulator. */
export async function aws<Answer>(service: keyof typeof SERVICES, action: string, body: unknown): Promise<Answer> {
  const { target, version } = SERVICES[service];
  const answer = await fetch(stack.aws_endpoint_url, {
    method: 'POST',
    headers: {
      'Content-Type': `application/x-amz-json-${version}`,
      'X-Amz-Target': `${target}.${action}`,
      Authorization: scopeOf(service),
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${action}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Answer;
}

/** The emulator tells services apart by the credential's scope, and checks no signature. */
const scopeOf = (service: string) => `AWS4-HMAC-SHA256 Credential=local/20260101/sa-east-1/${service}/aws4_request`;

/** A call of Lambda's API, which has addresses instead of actions. */
export async function lambda<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await fetch(`${stack.aws_endpoint_url}/2015-03-31${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', Authorization: scopeOf('lambda') },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const failure = answer.headers.get('X-Amz-Function-Error');
  if (!answer.ok || failure) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Answer;
}

export function cognito<Answer>(action: string, body: unknown): Promise<Answer> {
  return aws('cognito-idp', action, body);
}

/** A token lives for 15 minutes, which a test's process may live longer than. */
const TOKEN_MS = 10 * 60_000;
const tokens = new Map<Persona, { token: Promise<string>; until: number }>();

/** An ID token of the persona's, got without the dashboard. */
export function idToken(persona: Persona): Promise<string> {
  const known = tokens.get(persona);
  if (known && Date.now() < known.until) return known.token;
  const token = requestIdToken(persona);
  tokens.set(persona, { token, until: Date.now() + TOKEN_MS });
  return token;
}

async function requestIdToken(persona: Persona): Promise<string> {
  const { email, password } = userOf(persona);
  const { user_pool_client_id: ClientId, user_pool_client_secret: secret } = stack;
  const SECRET_HASH = createHmac('sha256', secret).update(email).update(ClientId).digest('base64');
  const answer = await cognito<{ AuthenticationResult: { IdToken: string } }>('InitiateAuth', {
    ClientId,
    AuthFlow: 'USER_PASSWORD_AUTH',
    AuthParameters: { USERNAME: email, PASSWORD: password, SECRET_HASH },
  });
  return answer.AuthenticationResult.IdToken;
}

/** What the API answers a persona, asked without the dashboard: what the dashboard must then show. */
export async function api<Answer>(persona: Persona, path: string, accept = 'application/json'): Promise<Answer> {
  const answer = await fetch(`${stack.api_url}${path}`, {
    headers: { Authorization: `Bearer ${await idToken(persona)}`, Accept: accept },
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await (accept === 'text/csv' ? answer.text() : answer.json())) as Answer;
}

/** Changes something through the API, without the dashboard. */
export async function change<Answer>(
  persona: Persona,
  method: 'POST' | 'PATCH',
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await fetch(`${stack.api_url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${await idToken(persona)}`, 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Answer;
}

/** The tag of a resource's present state, which a change has to name. */
export async function etagOf(persona: Persona, path: string): Promise<string> {
  const answer = await fetch(`${stack.api_url}${path}`, {
    headers: { Authorization: `Bearer ${await idToken(persona)}` },
  });
  return answer.headers.get('etag') ?? '';
}

const SQL = `
import json, os, sys, psycopg
statement, parameters = sys.argv[1:]
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    connection.execute("SET ROLE app_owner")
    connection.execute("SET search_path = alquimista_platform")
    connection.execute(statement, json.loads(parameters))
`;

/** Runs a statement with `%s` for parameters: what no API of the product can do, e.g. to give a tenant an agent. */
export async function sql(statement: string, ...parameters: (string | null)[]): Promise<void> {
  // Not an argument: those are in the message of a failure.
  const env = { ...process.env, DATABASE_URL: stack.database_roles.app_migrator };
  await promisify(execFile)('python', ['-c', SQL, statement, JSON.stringify(parameters)], { env });
}

export interface Cookie {
  name: string;
  value: string;
  domain: string;
  path: string;
  httpOnly: boolean;
  secure: boolean;
  sameSite: 'Lax';
}

/** Signs in as the form does; returns what the browser would then keep. */
export async function openSession({ email, password }: Pick<User, 'email' | 'password'>): Promise<Cookie[]> {
  const answer = await fetch(`${stack.web_url}/api/auth/sign-in`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: stack.web_url },
    body: JSON.stringify({ email, password }),
  });
  const text = await answer.text();
  if (!answer.ok || JSON.parse(text).next !== 'done') {
    throw new Error(`${email} can't sign in: ${answer.status} ${text.slice(0, 200)}`);
  }
  const { hostname: domain } = new URL(stack.web_url);
  return answer.headers.getSetCookie().flatMap((line) => {
    const [name = '', value = ''] = (line.split(';', 1)[0] ?? '').split(/=(.*)/s);
    return value ? [{ name, value, domain, path: '/', httpOnly: true, secure: true, sameSite: 'Lax' }] : [];
  });
}

type Server = 'postgres' | 'redis' | 'emulator' | 'web';

/** Starts or stops a server of the stack, and comes back when that is done. */
export async function supervise(action: 'start' | 'stop', server: Server): Promise<void> {
  await promisify(execFile)('supervisorctl', ['-s', stack.supervisor, action, server]);
}
