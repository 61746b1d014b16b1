/** What tests of the server share: settings, a Cognito that answers as told, and tokens signed by its keys. */
import { createSign, generateKeyPairSync } from 'node:crypto';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { NextRequest } from 'next/server';

export const ORIGIN = 'http://127.0.0.1:3000';
export const API = 'http://api.invalid/local';
export const SECRETS = ['a'.repeat(32), 'b'.repeat(32)] as const;

export const ENVIRONMENT = {
  WEB_ORIGIN: ORIGIN,
  API_URL: API,
  AWS_REGION: 'sa-east-1',
  COGNITO_USER_POOL_ID: 'sa-east-1_TestPool1',
  COGNITO_CLIENT_ID: 'client',
  COGNITO_CLIENT_SECRET: 'client-secret',
  COGNITO_ENDPOINT: 'http://cognito.invalid',
  COGNITO_JWKS_URL: 'http://cognito.invalid/keys',
  SESSION_SECRET: SECRETS[0],
  SUPPORT_EMAIL: 'suporte@example.com',
  SUPPORT_PHONE: '+55 11 4000-0000',
  SUPPORT_HOURS: 'dias úteis',
};

Object.assign(process.env, ENVIRONMENT);

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 });
const KID = 'key-1';

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

export const PERSON = { sub: 'sub-1', 'cognito:username': 'name-1', email: 'ana@example.com' };

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

export function idToken(claims: object = {}, { forged = false } = {}): string {
  const header = encode({ alg: 'RS256', kid: KID });
  const payload = encode({
    ...PERSON,
    iss: `https://cognito-idp.sa-east-1.amazonaws.com/${ENVIRONMENT.COGNITO_USER_POOL_ID}`,
    aud: ENVIRONMENT.COGNITO_CLIENT_ID,
    token_use: 'id',
    'cognito:groups': ['TENANT_ADMIN'],
    'custom:tenant_id': 'tenant-1',
    auth_time: nowSeconds(),
    iat: nowSeconds(),
    exp: nowSeconds() + 900,
    ...claims,
  });
  const signature = createSign('RSA-SHA256')
    .update(`${header}.${payload}`)
    .sign(forged ? foreign.privateKey : privateKey, 'base64url');
  return `${header}.${payload}.${signature}`;
}

export function tokensOf(claims: object = {}) {
  return { AuthenticationResult: { IdToken: idToken(claims), AccessToken: 'access', RefreshToken: 'refresh' } };
}

interface Call {
  action: string;
  body: Record<string, unknown>;
}

type Answer = object | { error: string; message?: string } | 'down';

/** A Cognito whose actions answer what `on` was told, and that remembers what it was asked. */
export function fakeCognito() {
  const calls: Call[] = [];
  const answers = new Map<string, Answer | ((body: Record<string, unknown>) => Answer)>();
  const server = setupServer(
    http.get(ENVIRONMENT.COGNITO_JWKS_URL, () =>
      HttpResponse.json({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: KID, alg: 'RS256', use: 'sig' }] }),
    ),
    http.post(`${ENVIRONMENT.COGNITO_ENDPOINT}/`, async ({ request }) => {
      const action = request.headers.get('x-amz-target')?.split('.')[1] ?? '';
      const body = (await request.json()) as Record<string, unknown>;
      calls.push({ action, body });
      const told = answers.get(action);
      const answer = typeof told === 'function' ? told(body) : told;
      if (answer === 'down') return HttpResponse.error();
      if (answer && 'error' in answer) {
        return HttpResponse.json({ __type: answer.error, message: 'told' }, { status: 400 });
      }
      return answer ? HttpResponse.json(answer) : HttpResponse.json({ __type: 'NotTold' }, { status: 400 });
    }),
  );
  return {
    server,
    calls,
    on(action: string, answer: Answer | ((body: Record<string, unknown>) => Answer)) {
      answers.set(action, answer);
    },
    reset() {
      calls.length = 0;
      answers.clear();
    },
  };
}

export function post(path: string, body: unknown, cookies: Record<string, string> = {}, headers: HeadersInit = {}) {
  const cookie = Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
  return new NextRequest(`${ORIGIN}${path}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { cookie, origin: ORIGIN, ...headers },
  });
}

/** The cookies that an answer leaves the browser with. */
export function cookiesOf(response: Response): Record<string, string> {
  return Object.fromEntries(
    response.headers.getSetCookie().flatMap((line) => {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s);
      return value ? [[name, value]] : [];
    }),
  );
}
