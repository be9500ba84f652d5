// Takes the screenshots of docs/guide/ and the README from a running demo.
//
//     HINOMI_BINARY=target/release/hinomi node tests/browser/guide.mjs
//
// They show what the demo's seed plays at its start: a timeout at a partner, locks, a bad
// deployment.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { launch } from './chromium.mjs';
import { Hinomi } from '../support/hinomi.mjs';

const GUIDE = join(dirname(fileURLToPath(import.meta.url)), '../../docs/guide');
/** Time until a page has loaded the data that it requests after its start. */
const SETTLED_MS = 2500;

const hinomi = await Hinomi.start('demo', '--seed', '7', '--history', '25h');
const browser = await launch();
try {
  const to = Date.now();
  const { items: deployments } = await hinomi.get('deployments', { from: to - 86_400_000, to });
  const { items: slow } = await hinomi.get('transactions', { from: to - 900_000, to, service: 'edge-gateway', outcome: 'error', min_ms: 1000, limit: 1 });
  const [deployed] = deployments;
  /** @type {[name: string, theme: 'light' | 'dark', path: string, act?: string][]} */
  const pictures = [
    ['pictures/board', 'dark', '/'],
    ['pictures/hitmap', 'dark', '/services/payment/hitmap'],
    ['pictures/charts', 'light', '/services/checkout?from=now-30m&vs=yesterday'],
    ['pictures/trace', 'light', `/traces/${slow[0].trace_id}`],
    ['pictures/deployment', 'dark', `/services/${deployed.service}/deployments/${deployed.id}`],
    ['pictures/partners', 'dark', '/partners?vs=yesterday'],
    ['pictures/map', 'dark', '/map'],
    ['pictures/statistics', 'light', '/statistics/statements?from=now-1h&vs=none'],
    ['pictures/transactions', 'light', '/transactions', '[data-tail-switch]'],
    ['service', 'dark', '/services/checkout', '.label-horizontal button'],
  ];
  for (const [name, theme, path, act] of pictures) {
    const context = await browser.newContext({ baseURL: hinomi.url, viewport: { width: 1280, height: 800 }, colorScheme: theme, reducedMotion: 'reduce' });
    const cookies = { hm_lang: 'en', hm_theme: theme, hm_tz: 'UTC' };
    await context.addCookies(Object.entries(cookies).map(([key, value]) => ({ name: key, value, url: hinomi.url })));
    const page = await context.newPage();
    await page.goto(path, { waitUntil: 'load' });
    if (act) await page.locator(act).first().click();
    await sleep(SETTLED_MS);
    await page.screenshot({ path: join(GUIDE, `${name}.png`) });
    await context.close();
  }
} finally {
  await browser.close();
  await hinomi.stop();
}
