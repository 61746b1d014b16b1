import { settings } from '@/server/settings';

/** A server that lacks a setting must not start: the first to find out would be a user. Next would log and go on. */
export function register(): void {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  try {
    settings();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  }
}
