// Debian's Chromium, with flags that stop it from contacting hosts of its vendor.
import { chromium } from 'playwright-core';

/** Starts a new browser. */
export function launch() {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Exact heap sizes, for the test that looks for leaks.
      '--enable-precise-memory-info',
    ],
  });
}
