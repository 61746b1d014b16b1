import * as z from 'zod/mini';

const problemSchema = z.object({ code: z.string() });

export type Reply<T> = { ok: true; data: T } | { ok: false; code: string; retryAfterSeconds: number | null };

/** Sends to a route handler of ours and tells what came of it; it never rejects. */
export async function post<T>(path: string, body: object, schema: z.ZodMiniType<T>): Promise<Reply<T>> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer: unknown = response.status === 204 ? {} : await response.json();
    if (response.ok) return { ok: true, data: schema.parse(answer) };
    const retryAfter = response.headers.get('Retry-After');
    return {
      ok: false,
      code: problemSchema.parse(answer).code,
      retryAfterSeconds: retryAfter === null ? null : Number(retryAfter),
    };
  } catch {
    return { ok: false, code: navigator.onLine ? 'unavailable' : 'offline', retryAfterSeconds: null };
  }
}
