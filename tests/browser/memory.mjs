// Measures the memory of pages that are left open for an hour, for docs/performance.md. Prints
// numbers and asserts nothing.
//
//     node tests/browser/memory.mjs [minutes]
//
// The demo's live traffic on real pages in real time, one tab each. Sizes are taken after a garbage
// collection.
import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { launch } from './chromium.mjs';
import { everyPage } from './pages.mjs';
import { Hinomi } from '../support/hinomi.mjs';

const MINUTE_MS = 60_000;
const EVERY_MINUTES = 5;
const minutes = Number(process.argv[2] ?? 60);

const hinomi = await Hinomi.start('demo', '--seed', '7', '--history', '1h');
const browser = await launch();
try {
  const { service } = await everyPage(hinomi);
  const of = `/services/${encodeURIComponent(service)}`;
  const pages = { board: '/', dashboard: of, hitmap: '/hitmap', transactions: `${of}/transactions`, map: '/map', deployments: '/deployments' };
  const context = await browser.newContext({ baseURL: hinomi.url, viewport: { width: 1280, height: 800 } });
  const open = [];
  for (const [name, path] of Object.entries(pages)) {
    const page = await context.newPage();
    page.on('console', (message) => console.log(`${name}: ${message.type()}: ${message.text()}`));
    await page.goto(path);
    if (name === 'transactions') await page.locator('[data-tail-switch]').click();
    open.push({ name, session: await context.newCDPSession(page) });
  }
  console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores, load average ${(loadavg()[0] ?? 0).toFixed(2)}; Chromium ${browser.version()}`);
  console.log(`minute  ${open.map(({ name }) => name.padStart(24)).join('')}\n        ${open.map(() => 'MB / nodes / listeners'.padStart(24)).join('')}`);
  const begun = Date.now();
  for (let minute = EVERY_MINUTES; minute <= minutes; minute += EVERY_MINUTES) {
    await sleep(begun + minute * MINUTE_MS - Date.now());
    const sizes = [];
    for (const { session } of open) sizes.push(await measure(session));
    const text = sizes.map(({ heap, nodes, listeners }) => `${(heap / 1e6).toFixed(2)} / ${nodes} / ${listeners}`.padStart(24));
    console.log(`${String(minute).padStart(6)}  ${text.join('')}`);
  }
} finally {
  await browser.close();
  await hinomi.stop();
}

/** @param {import('playwright-core').CDPSession} session */
async function measure(session) {
  // Twice, because the second run frees what the first one finalises.
  for (let time = 0; time < 2; time += 1) await session.send('HeapProfiler.collectGarbage');
  const { usedSize: heap } = await session.send('Runtime.getHeapUsage');
  const { nodes, jsEventListeners: listeners } = await session.send('Memory.getDOMCounters');
  return { heap, nodes, listeners };
}
