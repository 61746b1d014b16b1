import { CognitoJwtVerifier } from 'aws-jwt-verify';
import {
  FailedAssertionError,
  JwtInvalidSignatureError,
  JwtParseError,
  ParameterValidationError,
} from 'aws-jwt-verify/error';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import { z } from 'zod';
import { isGroup } from '@/lib/rights';
import { AuthFailure } from './failure';
import { errorName, logError } from './log';
import type { Session } from './session';
import { settings } from './settings';

const KEYS_TIMEOUT_MS = 5000;

const claimsSchema = z.object({
  sub: z.string().min(1),
  'cognito:username': z.string().min(1),
  'cognito:groups': z.array(z.string()).default([]),
  'custom:tenant_id': z.string().optional(),
  auth_time: z.number().int(),
  exp: z.number().int(),
});

export type Person = Omit<Session, 'refreshToken'>;

function makeVerifier() {
  const { clientId, jwksUrl, userPoolId } = settings().cognito;
  // The library derives the address of the keys from the issuer; an emulator's issuer is not where it listens.
  const jwksCache = new SimpleJwksCache({
    fetcher: {
      fetch: async () => {
        const response = await fetch(jwksUrl, { cache: 'no-store', signal: AbortSignal.timeout(KEYS_TIMEOUT_MS) });
        if (!response.ok) throw new Error(`keys answered ${response.status}`);
        return response.arrayBuffer();
      },
    },
  });
  return CognitoJwtVerifier.create({ userPoolId, clientId, tokenUse: 'id' }, { jwksCache });
}

/** Everything else is about the keys, which can be had later. */
function isOfTheToken(error: unknown): boolean {
  const kinds = [FailedAssertionError, JwtParseError, JwtInvalidSignatureError, ParameterValidationError];
  return kinds.some((kind) => error instanceof kind);
}

let verifier: ReturnType<typeof makeVerifier> | undefined;

/** Who an ID token says it is, once its signature, issuer, audience, use and time have been checked. */
export async function verifyIdToken(idToken: string): Promise<{ person: Person; expiresAt: number }> {
  verifier ??= makeVerifier();
  let payload: unknown;
  try {
    payload = await verifier.verify(idToken);
  } catch (error) {
    logError('id_token_refused', { error: errorName(error) });
    throw new AuthFailure(isOfTheToken(error) ? 'session_expired' : 'unavailable');
  }
  const claims = claimsSchema.parse(payload);
  return {
    person: {
      sub: claims.sub,
      username: claims['cognito:username'],
      groups: claims['cognito:groups'].filter(isGroup),
      tenantId: claims['custom:tenant_id'] ?? null,
      authTime: claims.auth_time,
    },
    expiresAt: claims.exp,
  };
}
