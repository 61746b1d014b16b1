import { NextResponse } from 'next/server';
import { z } from 'zod';
import { resetPassword } from '@/server/cognito';
import { route } from '@/server/route';
import { clientAddress, throttle } from '@/server/throttle';

const input = z.object({
  email: z.string().trim().min(1).max(254),
  code: z.string().trim().min(1).max(64),
  password: z.string().min(1).max(256),
});

export const POST = route(input, async ({ email, code, password }, request) => {
  const takeBack = await throttle().take('reset', email, clientAddress(request.headers));
  await resetPassword(email, code, password);
  await takeBack();
  return NextResponse.json({});
});
