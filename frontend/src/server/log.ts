/** One JSON line on standard error. Nothing personal goes in: of a person only the `sub`. */
export function logError(event: string, fields: Record<string, string | number | undefined>): void {
  process.stderr.write(`${JSON.stringify({ level: 'error', event, at: new Date().toISOString(), ...fields })}\n`);
}

/** What may be told of an error: its name, never its message, which may quote a request. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
