import { NextResponse } from 'next/server';
import type { Step, Tokens } from './cognito';
import { AuthFailure } from './failure';
import { type Challenge, clearChallenge, type Session, saveChallenge, saveSession } from './session';
import { verifyIdToken } from './tokens';

/** What the form does next. */
export type Next = 'done' | 'new-password' | 'totp' | 'enroll-totp' | 'reset';

const CHALLENGES = {
  NEW_PASSWORD_REQUIRED: 'new-password',
  SOFTWARE_TOKEN_MFA: 'totp',
  MFA_SETUP: 'enroll-totp',
} as const satisfies Record<Challenge['name'], Next>;

function nextIs(next: Next): NextResponse {
  return NextResponse.json({ next });
}

/** Answers a step of a sign-in: with a session, or with what Cognito still wants to know. */
export async function answerStep(step: Step): Promise<NextResponse> {
  switch (step.kind) {
    case 'reset-required':
      return nextIs('reset');
    case 'challenge': {
      const response = nextIs(CHALLENGES[step.challenge.name]);
      await saveChallenge(response.cookies, step.challenge);
      return response;
    }
    case 'tokens': {
      const response = nextIs('done');
      await saveSession(response.cookies, await startSession(step.tokens));
      clearChallenge(response.cookies);
      return response;
    }
  }
}

async function startSession(tokens: Tokens): Promise<Session> {
  if (!tokens.refreshToken) throw new AuthFailure('unavailable');
  const { person } = await verifyIdToken(tokens.idToken);
  return { ...person, refreshToken: tokens.refreshToken };
}
