// @vitest-environment node
import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { POST as forgot } from '@/app/api/auth/forgot/route';
import { POST as newPassword } from '@/app/api/auth/new-password/route';
import { POST as reset } from '@/app/api/auth/reset/route';
import { POST as signIn } from '@/app/api/auth/sign-in/route';
import { POST as signOut } from '@/app/api/auth/sign-out/route';
import { POST as token } from '@/app/api/auth/token/route';
import { POST as totp } from '@/app/api/auth/totp/route';
import { POST as enrolment } from '@/app/api/auth/totp-enrollment/route';
import { openChallenge, openSession } from './session';
import { cookiesOf, ENVIRONMENT, fakeCognito, idToken, nowSeconds, PERSON, post, tokensOf } from './testing';

const cognito = fakeCognito();
beforeAll(() => cognito.server.listen({ onUnhandledFrame: 'error' }));
afterAll(() => cognito.server.close());
afterEach(() => {
  cognito.reset();
  delete (globalThis as { painelThrottle?: unknown }).painelThrottle;
});

const credentials = { email: 'ana@example.com', password: 'secret' };
const secretHash = (name: string) =>
  createHmac('sha256', ENVIRONMENT.COGNITO_CLIENT_SECRET)
    .update(name + ENVIRONMENT.COGNITO_CLIENT_ID)
    .digest('base64');
const jar = (cookies: Record<string, string>) => ({
  get: (name: string) => (cookies[name] ? { value: cookies[name] } : undefined),
});
const challenge = (name: string, parameters: object = { USER_ID_FOR_SRP: 'name-1' }) => ({
  ChallengeName: name,
  Session: 'session-1',
  ChallengeParameters: parameters,
});

async function outcome(response: Response) {
  expect(response.headers.get('cache-control')).toBe('no-store');
  const { code, next } = await response.json();
  return [response.status, code ?? next];
}

async function signedIn(claims: object = {}) {
  cognito.on('InitiateAuth', tokensOf(claims));
  return cookiesOf(await signIn(post('/api/auth/sign-in', credentials)));
}

async function challenged(name: string) {
  cognito.on('InitiateAuth', challenge(name));
  return cookiesOf(await signIn(post('/api/auth/sign-in', credentials)));
}

describe('sign-in', () => {
  it('opens a session of what the verified token says', async () => {
    cognito.on('InitiateAuth', tokensOf({ 'cognito:groups': ['TENANT_USER', 'SOMETHING_ELSE'] }));
    const response = await signIn(post('/api/auth/sign-in', { ...credentials, email: ' ana@example.com ' }));
    expect(await outcome(response)).toEqual([200, 'done']);
    expect(await openSession(jar(cookiesOf(response)))).toEqual({
      refreshToken: 'refresh',
      username: 'name-1',
      sub: 'sub-1',
      groups: ['TENANT_USER'],
      tenantId: 'tenant-1',
      authTime: expect.any(Number),
    });
    expect(cognito.calls[0]?.body).toMatchObject({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: 'client',
      AuthParameters: { USERNAME: 'ana@example.com', PASSWORD: 'secret', SECRET_HASH: secretHash('ana@example.com') },
    });
  });

  it.each([
    ['NotAuthorizedException', 401, 'invalid_credentials'],
    ['UserNotFoundException', 401, 'invalid_credentials'],
    ['UserNotConfirmedException', 401, 'invalid_credentials'],
    ['InvalidParameterException', 401, 'invalid_credentials'],
    ['TooManyRequestsException', 429, 'rate_limited'],
    ['LimitExceededException', 429, 'rate_limited'],
    ['InternalErrorException', 503, 'unavailable'],
    ['ResourceNotFoundException', 503, 'unavailable'],
  ])('answers %s with %d %s', async (error, status, code) => {
    cognito.on('InitiateAuth', { error });
    const response = await signIn(post('/api/auth/sign-in', credentials));
    expect(await outcome(response)).toEqual([status, code]);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it('answers the same for a wrong password and for no account', async () => {
    const answers = [];
    for (const error of ['NotAuthorizedException', 'UserNotFoundException']) {
      cognito.on('InitiateAuth', { error });
      const response = await signIn(post('/api/auth/sign-in', credentials));
      const { request_id: _, ...body } = await response.json();
      answers.push([response.status, body, [...response.headers.keys()]]);
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  it('says that Cognito is down', async () => {
    cognito.on('InitiateAuth', 'down');
    expect(await outcome(await signIn(post('/api/auth/sign-in', credentials)))).toEqual([503, 'unavailable']);
  });

  it.each([
    ['a key that is not the pool’s', idToken({}, { forged: true })],
    ['another client', idToken({ aud: 'other' })],
    ['another pool', idToken({ iss: 'https://cognito-idp.sa-east-1.amazonaws.com/sa-east-1_Other' })],
    ['another use', idToken({ token_use: 'access' })],
    ['the past', idToken({ exp: nowSeconds() - 10 })],
    ['nowhere', 'not.a.token'],
  ])('opens no session with a token of %s', async (_, IdToken) => {
    cognito.on('InitiateAuth', { AuthenticationResult: { IdToken, AccessToken: 'a', RefreshToken: 'r' } });
    const response = await signIn(post('/api/auth/sign-in', credentials));
    expect(response.status).toBe(401);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it.each([
    ['NEW_PASSWORD_REQUIRED', 'new-password'],
    ['SOFTWARE_TOKEN_MFA', 'totp'],
    ['MFA_SETUP', 'enroll-totp'],
  ])('goes on with %s as %s', async (name, next) => {
    cognito.on('InitiateAuth', challenge(name));
    const response = await signIn(post('/api/auth/sign-in', credentials));
    expect(await outcome(response)).toEqual([200, next]);
    const cookies = cookiesOf(response);
    expect(await openSession(jar(cookies))).toBeNull();
    expect(await openChallenge(jar(cookies))).toEqual({
      name,
      session: 'session-1',
      username: 'name-1',
      email: 'ana@example.com',
    });
  });

  it('knows no other challenge', async () => {
    cognito.on('InitiateAuth', challenge('SMS_MFA'));
    expect(await outcome(await signIn(post('/api/auth/sign-in', credentials)))).toEqual([503, 'unavailable']);
  });

  it('sends who must reset the password there', async () => {
    cognito.on('InitiateAuth', { error: 'PasswordResetRequiredException' });
    expect(await outcome(await signIn(post('/api/auth/sign-in', credentials)))).toEqual([200, 'reset']);
  });

  it('stops asking Cognito after ten wrong passwords, and says for how long', async () => {
    cognito.on('InitiateAuth', { error: 'NotAuthorizedException' });
    for (let attempt = 0; attempt < 10; attempt++) await signIn(post('/api/auth/sign-in', credentials));
    const response = await signIn(post('/api/auth/sign-in', credentials));
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(890);
    expect(await outcome(response)).toEqual([429, 'rate_limited']);
    expect(cognito.calls).toHaveLength(10);
  });

  it.each([
    ['no JSON', 'email=a', 400, 'invalid_body'],
    ['nothing', '', 400, 'invalid_body'],
    ['a list', [], 400, 'invalid_body'],
    ['no password', { email: 'a@b.c' }, 400, 'invalid_body'],
    ['a number', { email: 'a@b.c', password: 1 }, 400, 'invalid_body'],
    ['too much', { email: 'a@b.c', password: 'x'.repeat(17_000) }, 413, 'too_large'],
  ])('refuses %s', async (_, body, status, code) => {
    expect(await outcome(await signIn(post('/api/auth/sign-in', body)))).toEqual([status, code]);
    expect(cognito.calls).toEqual([]);
  });
});

describe('token', () => {
  it('hands out an ID token, and describes the session anew', async () => {
    const cookies = await signedIn();
    const { RefreshToken: _, ...result } = tokensOf({
      'cognito:groups': ['INTERNAL_SUPPORT'],
      'custom:tenant_id': undefined,
    }).AuthenticationResult;
    cognito.on('InitiateAuth', { AuthenticationResult: result });
    const response = await token(post('/api/auth/token', '', cookies));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ id_token: result.IdToken, expires_at: expect.any(Number) });
    expect(await openSession(jar(cookiesOf(response)))).toMatchObject({
      groups: ['INTERNAL_SUPPORT'],
      tenantId: null,
      refreshToken: 'refresh',
    });
    expect(cognito.calls.at(-1)?.body).toMatchObject({
      AuthFlow: 'REFRESH_TOKEN_AUTH',
      AuthParameters: { REFRESH_TOKEN: 'refresh', SECRET_HASH: secretHash(PERSON['cognito:username']) },
    });
  });

  it('keeps a refresh token that Cognito has replaced', async () => {
    const cookies = await signedIn();
    const rotated = tokensOf();
    rotated.AuthenticationResult.RefreshToken = 'rotated';
    cognito.on('InitiateAuth', rotated);
    const response = await token(post('/api/auth/token', '', cookies));
    expect((await openSession(jar(cookiesOf(response))))?.refreshToken).toBe('rotated');
  });

  it.each([
    ['NotAuthorizedException', 401, 'session_expired'],
    ['UserNotFoundException', 401, 'session_expired'],
    ['PasswordResetRequiredException', 401, 'session_expired'],
    ['TooManyRequestsException', 429, 'rate_limited'],
    ['InternalErrorException', 503, 'unavailable'],
  ])('answers %s with %d %s, and ends the session only with 401', async (error, status, code) => {
    const cookies = await signedIn();
    cognito.on('InitiateAuth', { error });
    const response = await token(post('/api/auth/token', '', cookies));
    expect(await outcome(response)).toEqual([status, code]);
    const removed = response.headers
      .getSetCookie()
      .some((line) => line.startsWith('painel_session=; Path=/; Max-Age=0'));
    expect(removed).toBe(status === 401);
  });

  it('ends a session that has become another person’s', async () => {
    const cookies = await signedIn();
    cognito.on('InitiateAuth', tokensOf({ sub: 'sub-2' }));
    expect(await outcome(await token(post('/api/auth/token', '', cookies)))).toEqual([401, 'session_expired']);
  });

  it.each<Record<string, string>>([{}, { painel_session: 'garbage' }])(
    'has nothing for the cookies %j',
    async (cookies) => {
      expect(await outcome(await token(post('/api/auth/token', '', cookies)))).toEqual([401, 'session_expired']);
      expect(cognito.calls).toEqual([]);
    },
  );
});

describe('sign-out', () => {
  it('revokes the refresh token and removes the cookies', async () => {
    const cookies = await signedIn();
    cognito.on('RevokeToken', {});
    const response = await signOut(post('/api/auth/sign-out', '', cookies));
    expect(response.status).toBe(204);
    expect(cookiesOf(response)).toEqual({});
    expect(response.headers.getSetCookie()).toHaveLength(2);
    expect(cognito.calls.at(-1)).toEqual({
      action: 'RevokeToken',
      body: { Token: 'refresh', ClientId: 'client', ClientSecret: 'client-secret' },
    });
  });

  it('removes the cookies if Cognito is down, too', async () => {
    const cookies = await signedIn();
    cognito.on('RevokeToken', 'down');
    const response = await signOut(post('/api/auth/sign-out', '', cookies));
    expect([response.status, response.headers.getSetCookie().length]).toEqual([204, 2]);
  });

  it('says yes to who is not signed in', async () => {
    expect((await signOut(post('/api/auth/sign-out', ''))).status).toBe(204);
    expect(cognito.calls).toEqual([]);
  });
});

describe('the first password', () => {
  const body = { password: 'Nova-Senha-123' };

  it('replaces the temporary one and signs in', async () => {
    const cookies = await challenged('NEW_PASSWORD_REQUIRED');
    cognito.on('RespondToAuthChallenge', tokensOf());
    const response = await newPassword(post('/api/auth/new-password', body, cookies));
    expect(await outcome(response)).toEqual([200, 'done']);
    expect(await openSession(jar(cookiesOf(response)))).toMatchObject({ sub: 'sub-1' });
    expect(cookiesOf(response)).not.toHaveProperty('painel_challenge');
    expect(cognito.calls.at(-1)?.body).toMatchObject({
      ChallengeName: 'NEW_PASSWORD_REQUIRED',
      Session: 'session-1',
      ChallengeResponses: { USERNAME: 'name-1', NEW_PASSWORD: body.password, SECRET_HASH: secretHash('name-1') },
    });
  });

  it('may be followed by the second factor', async () => {
    const cookies = await challenged('NEW_PASSWORD_REQUIRED');
    cognito.on('RespondToAuthChallenge', { ...challenge('MFA_SETUP'), Session: 'session-2' });
    const response = await newPassword(post('/api/auth/new-password', body, cookies));
    expect(await outcome(response)).toEqual([200, 'enroll-totp']);
    expect((await openChallenge(jar(cookiesOf(response))))?.session).toBe('session-2');
  });

  it.each([
    ['InvalidPasswordException', 400, 'invalid_password'],
    ['PasswordHistoryPolicyViolationException', 400, 'invalid_password'],
    ['NotAuthorizedException', 401, 'challenge_expired'],
    ['InternalErrorException', 503, 'unavailable'],
  ])('answers %s with %d %s', async (error, status, code) => {
    const cookies = await challenged('NEW_PASSWORD_REQUIRED');
    cognito.on('RespondToAuthChallenge', { error });
    expect(await outcome(await newPassword(post('/api/auth/new-password', body, cookies)))).toEqual([status, code]);
  });

  it('is for who was asked for one', async () => {
    for (const cookies of [{}, await challenged('SOFTWARE_TOKEN_MFA')]) {
      const response = await newPassword(post('/api/auth/new-password', body, cookies));
      expect(await outcome(response)).toEqual([401, 'challenge_expired']);
    }
  });
});

describe('the second factor', () => {
  it('completes the sign-in', async () => {
    const cookies = await challenged('SOFTWARE_TOKEN_MFA');
    cognito.on('RespondToAuthChallenge', tokensOf());
    const response = await totp(post('/api/auth/totp', { code: '123456' }, cookies));
    expect(await outcome(response)).toEqual([200, 'done']);
    expect(cognito.calls.at(-1)?.body).toMatchObject({
      ChallengeName: 'SOFTWARE_TOKEN_MFA',
      ChallengeResponses: { USERNAME: 'name-1', SOFTWARE_TOKEN_MFA_CODE: '123456' },
    });
  });

  it.each([
    ['CodeMismatchException', 400, 'invalid_code'],
    ['ExpiredCodeException', 400, 'invalid_code'],
    ['NotAuthorizedException', 401, 'challenge_expired'],
  ])('answers %s with %d %s', async (error, status, code) => {
    const cookies = await challenged('SOFTWARE_TOKEN_MFA');
    cognito.on('RespondToAuthChallenge', { error });
    expect(await outcome(await totp(post('/api/auth/totp', { code: '123456' }, cookies)))).toEqual([status, code]);
  });

  it('may be guessed ten times', async () => {
    const cookies = await challenged('SOFTWARE_TOKEN_MFA');
    cognito.on('RespondToAuthChallenge', { error: 'CodeMismatchException' });
    for (let attempt = 0; attempt < 10; attempt++) await totp(post('/api/auth/totp', { code: '123456' }, cookies));
    const response = await totp(post('/api/auth/totp', { code: '123456' }, cookies));
    expect(await outcome(response)).toEqual([429, 'rate_limited']);
  });

  it('is set up in the middle of a sign-in that demands it', async () => {
    const cookies = await challenged('MFA_SETUP');
    cognito.on('AssociateSoftwareToken', { SecretCode: 'ABCDEFGH', Session: 'session-2' });
    const begun = await enrolment(post('/api/auth/totp-enrollment', { step: 'begin' }, cookies));
    expect(await begun.json()).toEqual({
      secret: 'ABCDEFGH',
      uri: 'otpauth://totp/Painel%20AlquimistaAI:ana%40example.com?secret=ABCDEFGH&issuer=Painel%20AlquimistaAI',
      qr: expect.stringMatching(/^data:image\/png;base64,/),
    });
    cognito.on('VerifySoftwareToken', (body) =>
      body.Session === 'session-2' ? { Status: 'SUCCESS', Session: 'session-3' } : { error: 'NotAuthorizedException' },
    );
    cognito.on('RespondToAuthChallenge', tokensOf());
    const confirm = { step: 'confirm', code: '123456' };
    const response = await enrolment(post('/api/auth/totp-enrollment', confirm, cookiesOf(begun)));
    expect(await outcome(response)).toEqual([200, 'done']);
    expect(cognito.calls.at(-1)?.body).toMatchObject({ ChallengeName: 'MFA_SETUP', Session: 'session-3' });
  });

  it.each(['EnableSoftwareTokenMFAException', 'CodeMismatchException'])(
    'is not set up with a wrong code (%s)',
    async (error) => {
      const cookies = await challenged('MFA_SETUP');
      cognito.on('VerifySoftwareToken', { error });
      const confirm = { step: 'confirm', code: '123456' };
      const response = await enrolment(post('/api/auth/totp-enrollment', confirm, cookies));
      expect(await outcome(response)).toEqual([400, 'invalid_code']);
    },
  );

  const user = (...settings: string[]) => ({
    Username: 'name-1',
    UserAttributes: [{ Name: 'email', Value: 'ana@example.com' }],
    UserMFASettingList: settings,
  });

  it('is turned on by who is signed in', async () => {
    const cookies = await signedIn();
    cognito.on('GetUser', user());
    cognito.on('AssociateSoftwareToken', { SecretCode: 'ABCDEFGH' });
    cognito.on('VerifySoftwareToken', { Status: 'SUCCESS' });
    cognito.on('SetUserMFAPreference', {});
    const status = await enrolment(post('/api/auth/totp-enrollment', { step: 'status' }, cookies));
    expect(await status.json()).toEqual({ email: 'ana@example.com', name: null, totp: false });
    const begun = await enrolment(post('/api/auth/totp-enrollment', { step: 'begin' }, cookies));
    expect((await begun.json()).secret).toBe('ABCDEFGH');
    const confirm = { step: 'confirm', code: '123456' };
    expect((await enrolment(post('/api/auth/totp-enrollment', confirm, cookies))).status).toBe(200);
    expect(cognito.calls.at(-1)).toEqual({
      action: 'SetUserMFAPreference',
      body: { AccessToken: 'access', SoftwareTokenMfaSettings: { Enabled: true, PreferredMfa: true } },
    });
  });

  const disable = { step: 'disable', password: 'secret', code: '123456' };

  it('is turned off by who proves both factors', async () => {
    const cookies = await signedIn();
    cognito.on('GetUser', user('SOFTWARE_TOKEN_MFA'));
    cognito.on('InitiateAuth', (body) =>
      body.AuthFlow === 'REFRESH_TOKEN_AUTH' ? tokensOf() : challenge('SOFTWARE_TOKEN_MFA'),
    );
    cognito.on('RespondToAuthChallenge', tokensOf());
    cognito.on('RevokeToken', {});
    cognito.on('SetUserMFAPreference', {});
    expect((await enrolment(post('/api/auth/totp-enrollment', disable, cookies))).status).toBe(200);
    expect(cognito.calls.map(({ action }) => action).slice(-3)).toEqual([
      'RespondToAuthChallenge',
      'RevokeToken',
      'SetUserMFAPreference',
    ]);
  });

  it.each([
    ['the password', { error: 'NotAuthorizedException' }, tokensOf(), [401, 'invalid_credentials']],
    ['the code', challenge('SOFTWARE_TOKEN_MFA'), { error: 'CodeMismatchException' }, [400, 'invalid_code']],
  ])('stays on if %s is wrong', async (_, first, second, expected) => {
    const cookies = await signedIn();
    cognito.on('GetUser', user('SOFTWARE_TOKEN_MFA'));
    cognito.on('InitiateAuth', (body) => (body.AuthFlow === 'REFRESH_TOKEN_AUTH' ? tokensOf() : first));
    cognito.on('RespondToAuthChallenge', second);
    const response = await enrolment(post('/api/auth/totp-enrollment', disable, cookies));
    expect(await outcome(response)).toEqual(expected);
    expect(cognito.calls.some(({ action }) => action === 'SetUserMFAPreference')).toBe(false);
  });

  it('is nothing for who is not signed in', async () => {
    for (const step of ['status', 'begin']) {
      const response = await enrolment(post('/api/auth/totp-enrollment', { step }));
      expect(await outcome(response)).toEqual([401, 'session_expired']);
    }
  });
});

describe('a forgotten password', () => {
  const email = { email: 'ana@example.com' };

  it.each([
    ['a code was sent', { CodeDeliveryDetails: {} }],
    ['there is no account', { error: 'UserNotFoundException' }],
    ['the account is disabled', { error: 'NotAuthorizedException' }],
    ['no address is confirmed', { error: 'InvalidParameterException' }],
    ['too many codes were sent', { error: 'LimitExceededException' }],
  ])('is answered the same when %s', async (_, answer) => {
    cognito.on('ForgotPassword', answer);
    const response = await forgot(post('/api/auth/forgot', email));
    expect([response.status, await response.text()]).toEqual([200, '{}']);
  });

  it('says that Cognito is down', async () => {
    cognito.on('ForgotPassword', 'down');
    expect(await outcome(await forgot(post('/api/auth/forgot', email)))).toEqual([503, 'unavailable']);
  });

  it('is sent ten codes at most, account or not', async () => {
    cognito.on('ForgotPassword', { error: 'UserNotFoundException' });
    for (let attempt = 0; attempt < 10; attempt++) await forgot(post('/api/auth/forgot', email));
    expect(await outcome(await forgot(post('/api/auth/forgot', email)))).toEqual([429, 'rate_limited']);
  });

  const answer = { ...email, code: ' 654321 ', password: 'Nova-Senha-123' };

  it('is replaced with the code', async () => {
    cognito.on('ConfirmForgotPassword', {});
    expect((await reset(post('/api/auth/reset', answer))).status).toBe(200);
    expect(cognito.calls.at(-1)?.body).toMatchObject({
      Username: 'ana@example.com',
      ConfirmationCode: '654321',
      Password: 'Nova-Senha-123',
      SecretHash: secretHash('ana@example.com'),
    });
  });

  it.each([
    ['CodeMismatchException', 400, 'invalid_code'],
    ['ExpiredCodeException', 400, 'invalid_code'],
    ['UserNotFoundException', 400, 'invalid_code'],
    ['InvalidPasswordException', 400, 'invalid_password'],
    ['LimitExceededException', 429, 'rate_limited'],
    ['TooManyFailedAttemptsException', 429, 'rate_limited'],
    ['InternalErrorException', 503, 'unavailable'],
  ])('answers %s with %d %s', async (error, status, code) => {
    cognito.on('ConfirmForgotPassword', { error });
    expect(await outcome(await reset(post('/api/auth/reset', answer)))).toEqual([status, code]);
  });
});
