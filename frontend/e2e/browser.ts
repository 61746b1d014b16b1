/** The system's Chromium: Playwright's own would be a download that a package manager doesn't know of. */
export const BROWSER = '/usr/bin/chromium';

/** Keeps it from asking anybody on the internet for anything. */
export const BROWSER_ARGUMENTS = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
];
