import type { NextRequest, NextResponse } from 'next/server';
import type { z } from 'zod';
import { readBody } from './body';
import { AuthFailure } from './failure';
import { errorName, logError } from './log';
import { problem } from './problem';

const MAX_BODY_BYTES = 16 * 1024;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * A handler of POST requests: bounded body, checked input, failures as problems, nothing stored on the way.
 * That the request comes from a page of ours was checked by src/proxy.ts.
 */
export function route<Input>(
  schema: z.ZodType<Input>,
  run: (input: Input, request: NextRequest) => Promise<NextResponse>,
) {
  return async (request: NextRequest): Promise<NextResponse> => {
    const response = await answer(schema, run, request);
    response.headers.set('Cache-Control', 'no-store');
    return response;
  };
}

async function answer<Input>(
  schema: z.ZodType<Input>,
  run: (input: Input, request: NextRequest) => Promise<NextResponse>,
  request: NextRequest,
): Promise<NextResponse> {
  const body = await readBody(request, MAX_BODY_BYTES);
  if (body === null) return problem('too_large');
  const parsed = schema.safeParse(body.byteLength === 0 ? {} : parseJson(body.toString('utf8')));
  if (!parsed.success) return problem('invalid_body');
  try {
    return await run(parsed.data, request);
  } catch (error) {
    if (error instanceof AuthFailure) return problem(error.code, error.retryAfterSeconds);
    logError('auth_route_failed', { path: request.nextUrl.pathname, error: errorName(error) });
    return problem('internal');
  }
}
