import type { NextRequest, NextResponse } from 'next/server';
import type { z } from 'zod';
import { AuthFailure } from './failure';
import { errorName, logError } from './log';
import { problem } from './problem';

const MAX_BODY_BYTES = 16 * 1024;

async function readText(request: Request): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

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
  const text = await readText(request);
  if (text === null) return problem('too_large');
  const parsed = schema.safeParse(text === '' ? {} : parseJson(text));
  if (!parsed.success) return problem('invalid_body');
  try {
    return await run(parsed.data, request);
  } catch (error) {
    if (error instanceof AuthFailure) return problem(error.code, error.retryAfterSeconds);
    logError('auth_route_failed', { path: request.nextUrl.pathname, error: errorName(error) });
    return problem('internal');
  }
}
