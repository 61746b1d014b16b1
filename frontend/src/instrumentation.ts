import { settings } from '@/server/settings';

/** A server that lacks a setting must not start: the first to find out would be a user. */
export function register(): void {
  settings();
}
