import { createHmac } from 'node:crypto';
import {
  AssociateSoftwareTokenCommand,
  type AuthenticationResultType,
  ChallengeNameType,
  CognitoIdentityProviderClient,
  ConfirmForgotPasswordCommand,
  ForgotPasswordCommand,
  GetUserCommand,
  InitiateAuthCommand,
  type InitiateAuthCommandOutput,
  RespondToAuthChallengeCommand,
  RevokeTokenCommand,
  SetUserMFAPreferenceCommand,
  VerifySoftwareTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { AuthFailure } from './failure';
import { errorName, logError } from './log';
import type { Code } from './problem';
import type { Challenge } from './session';
import { settings } from './settings';

export interface Tokens {
  idToken: string;
  accessToken: string;
  /** Absent when a refresh leaves the old one in force. */
  refreshToken: string | undefined;
}

export type Step =
  | { kind: 'tokens'; tokens: Tokens }
  | { kind: 'challenge'; challenge: Challenge }
  | { kind: 'reset-required' };

/** Cognito's names for what is wrong with the request, as the codes that a form knows. */
type Outcomes = Readonly<Record<string, Code>>;

const TOO_MANY: Outcomes = { TooManyRequestsException: 'rate_limited', LimitExceededException: 'rate_limited' };

/** Wrong password, unknown, disabled, unconfirmed, locked out: one answer, or it would tell which accounts exist. */
const SIGN_IN: Outcomes = {
  ...TOO_MANY,
  NotAuthorizedException: 'invalid_credentials',
  UserNotFoundException: 'invalid_credentials',
  UserNotConfirmedException: 'invalid_credentials',
  InvalidParameterException: 'invalid_credentials',
};

const CHALLENGE: Outcomes = {
  ...TOO_MANY,
  NotAuthorizedException: 'challenge_expired',
  UserNotFoundException: 'challenge_expired',
  CodeMismatchException: 'invalid_code',
  ExpiredCodeException: 'invalid_code',
  EnableSoftwareTokenMFAException: 'invalid_code',
  SoftwareTokenMFANotFoundException: 'challenge_expired',
  InvalidPasswordException: 'invalid_password',
  PasswordHistoryPolicyViolationException: 'invalid_password',
};

const RESET: Outcomes = {
  ...TOO_MANY,
  TooManyFailedAttemptsException: 'rate_limited',
  CodeMismatchException: 'invalid_code',
  ExpiredCodeException: 'invalid_code',
  UserNotFoundException: 'invalid_code',
  NotAuthorizedException: 'invalid_code',
  UserNotConfirmedException: 'invalid_code',
  InvalidPasswordException: 'invalid_password',
  PasswordHistoryPolicyViolationException: 'invalid_password',
};

const SIGNED_IN: Outcomes = {
  ...TOO_MANY,
  NotAuthorizedException: 'session_expired',
  UserNotFoundException: 'session_expired',
  PasswordResetRequiredException: 'session_expired',
  UserNotConfirmedException: 'session_expired',
};

const ENROLMENT: Outcomes = {
  ...SIGNED_IN,
  CodeMismatchException: 'invalid_code',
  EnableSoftwareTokenMFAException: 'invalid_code',
};

const RETRY_AFTER_SECONDS = 60;

let made: CognitoIdentityProviderClient | undefined;

function client(): CognitoIdentityProviderClient {
  const { region, endpoint } = settings().cognito;
  made ??= new CognitoIdentityProviderClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 2000, requestTimeout: 8000, throwOnRequestTimeout: true },
  });
  return made;
}

function secretHash(username: string): string {
  const { clientId, clientSecret } = settings().cognito;
  return createHmac('sha256', clientSecret)
    .update(username + clientId)
    .digest('base64');
}

async function call<T>(operation: string, outcomes: Outcomes, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof AuthFailure) throw error;
    const code = outcomes[errorName(error)];
    if (code) throw new AuthFailure(code, code === 'rate_limited' ? RETRY_AFTER_SECONDS : undefined);
    logError('cognito_failed', { operation, error: errorName(error) });
    throw new AuthFailure('unavailable', RETRY_AFTER_SECONDS);
  }
}

function toTokens(result: AuthenticationResultType): Tokens {
  const { IdToken: idToken, AccessToken: accessToken, RefreshToken: refreshToken } = result;
  if (!idToken || !accessToken) throw new AuthFailure('unavailable');
  return { idToken, accessToken, refreshToken };
}

function toStep(output: InitiateAuthCommandOutput, email: string, username: string): Step {
  if (output.AuthenticationResult) return { kind: 'tokens', tokens: toTokens(output.AuthenticationResult) };
  const { ChallengeName: name, Session: session, ChallengeParameters: parameters } = output;
  if (session && (name === 'NEW_PASSWORD_REQUIRED' || name === 'SOFTWARE_TOKEN_MFA' || name === 'MFA_SETUP')) {
    return {
      kind: 'challenge',
      challenge: { name, session, email, username: parameters?.USER_ID_FOR_SRP ?? username },
    };
  }
  logError('cognito_challenge_unknown', { challenge: name });
  throw new AuthFailure('unavailable');
}

export async function signIn(email: string, password: string): Promise<Step> {
  return call('InitiateAuth', SIGN_IN, async () => {
    try {
      const output = await client().send(
        new InitiateAuthCommand({
          AuthFlow: 'USER_PASSWORD_AUTH',
          ClientId: settings().cognito.clientId,
          AuthParameters: { USERNAME: email, PASSWORD: password, SECRET_HASH: secretHash(email) },
        }),
      );
      return toStep(output, email, email);
    } catch (error) {
      // Said only to who knows the password.
      if (errorName(error) === 'PasswordResetRequiredException') return { kind: 'reset-required' };
      throw error;
    }
  });
}

async function respond(challenge: Challenge, answer: Record<string, string>): Promise<Step> {
  const { name, session, username, email } = challenge;
  return call('RespondToAuthChallenge', CHALLENGE, async () => {
    const output = await client().send(
      new RespondToAuthChallengeCommand({
        ClientId: settings().cognito.clientId,
        ChallengeName: ChallengeNameType[name],
        Session: session,
        ChallengeResponses: { USERNAME: username, SECRET_HASH: secretHash(username), ...answer },
      }),
    );
    return toStep(output, email, username);
  });
}

export function answerNewPassword(challenge: Challenge, password: string): Promise<Step> {
  return respond(challenge, { NEW_PASSWORD: password });
}

export function answerTotp(challenge: Challenge, code: string): Promise<Step> {
  return respond(challenge, { SOFTWARE_TOKEN_MFA_CODE: code });
}

/** Fresh tokens. Cognito keeps the refresh token, unless the pool rotates them. */
export async function refresh(refreshToken: string, username: string): Promise<Tokens> {
  return call('InitiateAuth', SIGNED_IN, async () => {
    const output = await client().send(
      new InitiateAuthCommand({
        AuthFlow: 'REFRESH_TOKEN_AUTH',
        ClientId: settings().cognito.clientId,
        AuthParameters: { REFRESH_TOKEN: refreshToken, SECRET_HASH: secretHash(username) },
      }),
    );
    return toTokens(output.AuthenticationResult ?? {});
  });
}

/** Ends the refresh token and what was issued for it. */
export async function revoke(refreshToken: string): Promise<void> {
  const { clientId, clientSecret } = settings().cognito;
  await call('RevokeToken', {}, () =>
    client().send(new RevokeTokenCommand({ Token: refreshToken, ClientId: clientId, ClientSecret: clientSecret })),
  );
}

/** Has a code sent, if there is an account; the answer is the same if there is none, or no code can be sent. */
export async function forgotPassword(email: string): Promise<void> {
  await call('ForgotPassword', { TooManyRequestsException: 'rate_limited' }, async () => {
    try {
      await client().send(
        new ForgotPasswordCommand({
          ClientId: settings().cognito.clientId,
          Username: email,
          SecretHash: secretHash(email),
        }),
      );
    } catch (error) {
      const ofTheAccount = [
        'UserNotFoundException',
        'NotAuthorizedException',
        'InvalidParameterException',
        'UserNotConfirmedException',
        'LimitExceededException',
      ];
      if (!ofTheAccount.includes(errorName(error))) throw error;
    }
  });
}

export async function resetPassword(email: string, code: string, password: string): Promise<void> {
  await call('ConfirmForgotPassword', RESET, () =>
    client().send(
      new ConfirmForgotPasswordCommand({
        ClientId: settings().cognito.clientId,
        Username: email,
        SecretHash: secretHash(email),
        ConfirmationCode: code,
        Password: password,
      }),
    ),
  );
}

/** Asks for a TOTP secret in the middle of a sign-in; the challenge goes on with the session that comes back. */
export async function associateForChallenge(challenge: Challenge): Promise<{ secret: string; challenge: Challenge }> {
  return call('AssociateSoftwareToken', CHALLENGE, async () => {
    const { SecretCode: secret, Session: session } = await client().send(
      new AssociateSoftwareTokenCommand({ Session: challenge.session }),
    );
    if (!secret || !session) throw new AuthFailure('unavailable');
    return { secret, challenge: { ...challenge, session } };
  });
}

export async function verifyForChallenge(challenge: Challenge, code: string): Promise<Step> {
  const session = await call('VerifySoftwareToken', CHALLENGE, async () => {
    const output = await client().send(new VerifySoftwareTokenCommand({ Session: challenge.session, UserCode: code }));
    if (output.Status !== 'SUCCESS' || !output.Session) throw new AuthFailure('invalid_code');
    return output.Session;
  });
  return respond({ ...challenge, session }, {});
}

export async function associate(accessToken: string): Promise<string> {
  return call('AssociateSoftwareToken', ENROLMENT, async () => {
    const { SecretCode: secret } = await client().send(new AssociateSoftwareTokenCommand({ AccessToken: accessToken }));
    if (!secret) throw new AuthFailure('unavailable');
    return secret;
  });
}

export async function verifyAndPrefer(accessToken: string, code: string): Promise<void> {
  await call('VerifySoftwareToken', ENROLMENT, async () => {
    const output = await client().send(new VerifySoftwareTokenCommand({ AccessToken: accessToken, UserCode: code }));
    if (output.Status !== 'SUCCESS') throw new AuthFailure('invalid_code');
  });
  await setTotp(accessToken, true);
}

export async function setTotp(accessToken: string, enabled: boolean): Promise<void> {
  await call('SetUserMFAPreference', SIGNED_IN, () =>
    client().send(
      new SetUserMFAPreferenceCommand({
        AccessToken: accessToken,
        SoftwareTokenMfaSettings: { Enabled: enabled, PreferredMfa: enabled },
      }),
    ),
  );
}

export async function account(accessToken: string): Promise<{ email: string; name: string | null; totp: boolean }> {
  return call('GetUser', SIGNED_IN, async () => {
    const user = await client().send(new GetUserCommand({ AccessToken: accessToken }));
    const attribute = (name: string) => user.UserAttributes?.find(({ Name }) => Name === name)?.Value;
    return {
      email: attribute('email') ?? '',
      name: attribute('name') ?? null,
      totp: user.UserMFASettingList?.includes('SOFTWARE_TOKEN_MFA') ?? false,
    };
  });
}
