import { settings } from '@/server/settings';

/** Next would log the error and go on, without ever answering. */
export function checkSettings(): void {
  try {
    settings();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  }
}
