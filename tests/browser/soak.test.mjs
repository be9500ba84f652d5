// A page that is left open for ten minutes of a simulated live stream: neither memory nor the
// number of elements grows, except by what the server has come to say meanwhile, and it still shows
// new data.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { hitmap, numberIn, pill, waitForStream } from './elements.mjs';
import { demo, openPage } from './fixture.mjs';
import { LiveProxy } from './live-proxy.mjs';
import { everyPage } from './pages.mjs';
import { until } from '../support/wait.mjs';

const TIMEOUT_MS = 240_000;
const MINUTES = 10;
/** By then caches are warm and the window has moved by some columns. */
const WARM_MINUTES = 2;
/** Most growth in eight more minutes. A leak of one object per tick adds more. */
const HEAP_GROWTH_BYTES = 1_500_000;
const ELEMENT_GROWTH = 20;
const LISTENER_GROWTH = 5;

/** @type {string} */
let service;

describe('a page left open for ten minutes', () => {
  before(async () => {
    ({ service } = await everyPage(demo()));
  });

  /** @type {[string, () => string][]} */
  const pages = [
    ['the dashboard', () => `/services/${encodeURIComponent(service)}`],
    ['the full hitmap', () => '/hitmap'],
    ['the board', () => '/'],
  ];
  for (const [name, path] of pages) {
    test(`${name} neither leaks nor stalls`, { timeout: TIMEOUT_MS }, async (t) => {
      const proxy = new LiveProxy(demo().url, service, Date.now());
      const baseURL = await proxy.listen();
      t.after(() => proxy.close());
      const { page, context, watch } = await openPage(t, { baseURL });
      const devtools = await context.newCDPSession(page);
      const atRest = watchRequests(page);
      await page.clock.install({ time: proxy.nowMs });
      await page.goto(path());
      await waitForStream(page, 'live');
      const onMap = (await page.locator(hitmap.total).count()) > 0;

      /** @type {Awaited<ReturnType<typeof measure>> | undefined} */
      let warm;
      for (let minute = 1; minute <= MINUTES; minute += 1) {
        for (let second = 0; second < 60; second += 1) {
          proxy.tick();
          await page.clock.runFor(1000);
        }
        const clock = new Date(Math.floor(proxy.nowMs / 1000) * 1000).toISOString().slice(11, 19);
        await until(`the clock to say ${clock}`, async () => (await page.locator(pill).innerText()).includes(clock), {
          seen: () => page.locator(pill).innerText(),
        });
        if (onMap) {
          await until(`minute ${minute} to be shown`, async () => (await numberIn(page.locator(hitmap.total))) === proxy.total, {
            seen: async () => `${await page.locator(hitmap.total).innerText()} of ${proxy.total}`,
          });
        }
        if (minute === WARM_MINUTES) warm = await measure(page, devtools, atRest);
      }
      const end = await measure(page, devtools, atRest);
      assert.ok(warm);
      const grown = JSON.stringify({ warm, end });
      assert.ok(end.heap - warm.heap < HEAP_GROWTH_BYTES, `the heap grew: ${grown}`);
      assert.ok(end.detached - warm.detached <= ELEMENT_GROWTH, `detached elements grew: ${grown}`);
      assert.ok(end.added - warm.added <= ELEMENT_GROWTH, `elements that no server sent grew: ${grown}`);
      assert.ok(end.listeners - warm.listeners <= LISTENER_GROWTH, `listeners grew: ${grown}`);
      assert.equal(proxy.readers, 1, 'one stream is open');
      assert.equal(proxy.opened, 1, 'it was never lost');
      watch.assertQuiet();
    });
  }
});

/**
 * Waits until there is no request except the stream. While a page updates itself, it rightly holds
 * two copies.
 *
 * @param {import('playwright-core').Page} page
 */
function watchRequests(page) {
  /** @type {Set<import('playwright-core').Request>} */
  const open = new Set();
  page.on('request', (request) => {
    if (!request.url().includes('/api/v1/live')) open.add(request);
  });
  page.on('requestfinished', (request) => open.delete(request));
  page.on('requestfailed', (request) => open.delete(request));
  return async () => {
    await until('the page to be at rest', async () => open.size === 0, {
      seen: async () => [...open].map((request) => request.url()).join(' '),
    });
    // The fetched part is now in place.
    await page.evaluate(() => document.readyState);
  };
}

/**
 * Size of the page after a garbage collection.
 *
 * `detached` counts nodes outside the document: a leak. `added` counts those in the document beyond
 * what the server sends for this page now: the server may rightly have more to say than before.
 *
 * @param {import('playwright-core').Page} page
 * @param {import('playwright-core').CDPSession} devtools
 * @param {() => Promise<void>} atRest
 */
async function measure(page, devtools, atRest) {
  // An update that the last tick has begun may not be known to the test yet. It is, once an answer
  // to a later request is here.
  const sent = await page.evaluate(async () => {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    return new DOMParser().parseFromString(await answer.text(), 'text/html').querySelectorAll('*').length;
  });
  await atRest();
  await devtools.send('Performance.enable');
  // Twice, because the second run frees what the first one finalises.
  await devtools.send('HeapProfiler.collectGarbage');
  await devtools.send('HeapProfiler.collectGarbage');
  const { metrics } = await devtools.send('Performance.getMetrics');
  const value = (/** @type {string} */ name) => {
    const metric = metrics.find((one) => one.name === name);
    assert.ok(metric, `Chromium measures ${name}`);
    return metric.value;
  };
  const shown = await page.evaluate(() => {
    const walker = document.createTreeWalker(document, NodeFilter.SHOW_ALL);
    let nodes = 1;
    while (walker.nextNode()) nodes += 1;
    return { nodes, elements: document.querySelectorAll('*').length };
  });
  return {
    heap: value('JSHeapUsedSize'),
    detached: value('Nodes') - shown.nodes,
    added: shown.elements - sent,
    listeners: value('JSEventListeners'),
  };
}
