import type { NextRequest, NextResponse } from 'next/server';
import type { Step } from './cognito';
import { AuthFailure } from './failure';
import { problem } from './problem';
import { type Challenge, clearChallenge, openChallenge } from './session';
import { answerStep } from './sign-in';
import { clientAddress, throttle } from './throttle';

/** The step of a sign-in that the browser is at, which must be one of `names`. */
export async function challengeOf(request: NextRequest, ...names: Challenge['name'][]): Promise<Challenge> {
  const challenge = await openChallenge(request.cookies);
  if (!challenge || !names.includes(challenge.name)) throw new AuthFailure('challenge_expired');
  return challenge;
}

/** Answers a challenge, counted as an attempt; what Cognito no longer waits for is forgotten here too. */
export async function answerChallenge(
  request: NextRequest,
  challenge: Challenge,
  answer: (challenge: Challenge) => Promise<Step>,
): Promise<NextResponse> {
  const takeBack = await throttle().take('challenge', challenge.email, clientAddress(request.headers));
  try {
    const response = await answerStep(await answer(challenge));
    await takeBack();
    return response;
  } catch (error) {
    if (!(error instanceof AuthFailure && error.code === 'challenge_expired')) throw error;
    const response = problem('challenge_expired');
    clearChallenge(response.cookies);
    return response;
  }
}
