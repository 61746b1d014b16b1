import { NextResponse } from 'next/server';
import { z } from 'zod';
import { forgotPassword } from '@/server/cognito';
import { route } from '@/server/route';
import { clientAddress, throttle } from '@/server/throttle';

const input = z.object({ email: z.string().trim().min(1).max(254) });

/** The answer is the same with and without an account, and every request counts. */
export const POST = route(input, async ({ email }, request) => {
  await throttle().take('forgot', email, clientAddress(request.headers));
  await forgotPassword(email);
  return NextResponse.json({});
});
