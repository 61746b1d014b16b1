import { z } from 'zod';
import { answerChallenge, challengeOf } from '@/server/challenge-step';
import { answerTotp } from '@/server/cognito';
import { route } from '@/server/route';

const input = z.object({ code: z.string().regex(/^\d{6}$/) });

/** The second factor of a sign-in. */
export const POST = route(input, async ({ code }, request) => {
  const challenge = await challengeOf(request, 'SOFTWARE_TOKEN_MFA');
  return answerChallenge(request, challenge, (current) => answerTotp(current, code));
});
