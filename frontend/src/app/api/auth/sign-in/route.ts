import { z } from 'zod';
import { signIn } from '@/server/cognito';
import { route } from '@/server/route';
import { answerStep } from '@/server/sign-in';
import { clientAddress, throttle } from '@/server/throttle';

const input = z.object({ email: z.string().trim().min(1).max(254), password: z.string().min(1).max(256) });

export const POST = route(input, async ({ email, password }, request) => {
  const takeBack = await throttle().take('sign-in', email, clientAddress(request.headers));
  const response = await answerStep(await signIn(email, password));
  await takeBack();
  return response;
});
