// Debian's Chromium, with the flags that keep it from looking up hosts of its maker's.
import { chromium } from 'playwright-core';

/** A new browser. */
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
