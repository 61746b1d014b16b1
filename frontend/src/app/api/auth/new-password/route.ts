import { z } from 'zod';
import { answerChallenge, challengeOf } from '@/server/challenge-step';
import { answerNewPassword } from '@/server/cognito';
import { route } from '@/server/route';

const input = z.object({ password: z.string().min(1).max(256) });

/** Replaces a temporary password at the first sign-in. */
export const POST = route(input, async ({ password }, request) => {
  const challenge = await challengeOf(request, 'NEW_PASSWORD_REQUIRED');
  return answerChallenge(request, challenge, (current) => answerNewPassword(current, password));
});
