import { type NextRequest, NextResponse } from 'next/server';
import { toDataURL } from 'qrcode';
import { z } from 'zod';
import { answerChallenge } from '@/server/challenge-step';
import {
  account,
  answerTotp,
  associate,
  associateForChallenge,
  revoke,
  setTotp,
  signIn,
  verifyAndPrefer,
  verifyForChallenge,
} from '@/server/cognito';
import { AuthFailure } from '@/server/failure';
import { problem } from '@/server/problem';
import { renew } from '@/server/renewal';
import { route } from '@/server/route';
import { clearSession, openChallenge, openSession, saveChallenge, saveSession } from '@/server/session';
import { clientAddress, throttle } from '@/server/throttle';

const ISSUER = 'Painel AlquimistaAI';

const code = z.string().regex(/^\d{6}$/);
const input = z.discriminatedUnion('step', [
  z.object({ step: z.literal('status') }),
  z.object({ step: z.literal('begin') }),
  z.object({ step: z.literal('confirm'), code }),
  z.object({ step: z.literal('disable'), password: z.string().min(1).max(256), code }),
]);

type Input = z.output<typeof input>;

/** The second factor, from nothing to on and back: by choice when signed in, or because a sign-in demands it. */
export const POST = route(input, async (wanted, request) => {
  const challenge = await openChallenge(request.cookies);
  if (challenge?.name === 'MFA_SETUP') {
    if (wanted.step === 'begin') {
      const begun = await associateForChallenge(challenge);
      const response = await secretAnswer(begun.secret, challenge.email);
      await saveChallenge(response.cookies, begun.challenge);
      return response;
    }
    if (wanted.step === 'confirm') {
      return answerChallenge(request, challenge, (current) => verifyForChallenge(current, wanted.code));
    }
  }
  return whenSignedIn(wanted, request);
});

async function whenSignedIn(wanted: Input, request: NextRequest): Promise<NextResponse> {
  try {
    const current = await openSession(request.cookies);
    if (!current) throw new AuthFailure('session_expired');
    const { tokens, session } = await renew(current);
    const response = await take(wanted, tokens.accessToken, request);
    await saveSession(response.cookies, session);
    return response;
  } catch (error) {
    if (!(error instanceof AuthFailure && error.code === 'session_expired')) throw error;
    const response = problem('session_expired');
    clearSession(response.cookies);
    return response;
  }
}

async function take(wanted: Input, accessToken: string, request: NextRequest): Promise<NextResponse> {
  switch (wanted.step) {
    case 'status':
      return NextResponse.json(await account(accessToken));
    case 'begin':
      return secretAnswer(await associate(accessToken), (await account(accessToken)).email);
    case 'confirm': {
      const { email } = await account(accessToken);
      const takeBack = await throttle().take('challenge', email, clientAddress(request.headers));
      await verifyAndPrefer(accessToken, wanted.code);
      await takeBack();
      return NextResponse.json({});
    }
    case 'disable': {
      const { email } = await account(accessToken);
      const takeBack = await throttle().take('sign-in', email, clientAddress(request.headers));
      await proveBothFactors(email, wanted.password, wanted.code);
      await setTotp(accessToken, false);
      await takeBack();
      return NextResponse.json({});
    }
  }
}

/** An unlocked screen must not be enough to turn the second factor off: Cognito checks both anew. */
async function proveBothFactors(email: string, password: string, totp: string): Promise<void> {
  const first = await signIn(email, password);
  if (first.kind === 'reset-required') throw new AuthFailure('invalid_credentials');
  if (first.kind === 'challenge' && first.challenge.name !== 'SOFTWARE_TOKEN_MFA') {
    throw new AuthFailure('invalid_credentials');
  }
  const last = first.kind === 'challenge' ? await answerTotp(first.challenge, totp) : first;
  if (last.kind === 'tokens' && last.tokens.refreshToken) await revoke(last.tokens.refreshToken);
}

async function secretAnswer(secret: string, email: string): Promise<NextResponse> {
  const label = `${encodeURIComponent(ISSUER)}:${encodeURIComponent(email)}`;
  const uri = `otpauth://totp/${label}?${new URLSearchParams({ secret, issuer: ISSUER }).toString().replaceAll('+', '%20')}`;
  const qr = await toDataURL(uri, { margin: 2, width: 232, errorCorrectionLevel: 'M' });
  return NextResponse.json({ secret, uri, qr });
}
