/** A server that lacks a setting must not start: the first to find out would be a user. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { checkSettings } = await import('./instrumentation-node');
    checkSettings();
  }
}
