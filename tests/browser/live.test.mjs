// Live updates: counts grow, columns move, a lost server is reported and found again.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hitmap, numberIn, picture, pill, waitForStream } from './elements.mjs';
import { demo, openPage } from './fixture.mjs';
import { everyPage } from './pages.mjs';
import { Hinomi } from '../support/hinomi.mjs';
import { traceRequest } from '../support/otlp.mjs';
import { until } from '../support/wait.mjs';

const TIMEOUT_MS = 120_000;
/**
 * Time from acknowledgement to display. The benchmark measures it; here a busy machine must pass.
 */
const SEEN_WITHIN_MS = 5_000;

describe('live', () => {
  test('a transaction is counted on the page within moments of its acknowledgement', { timeout: TIMEOUT_MS }, async (t) => {
    const service = 'live-counts';
    await send(demo(), service, 1);
    const { page, watch } = await openPage(t);
    await page.goto(`/services/${service}`);
    await waitForStream(page, 'live');
    await until('the first one to be counted', async () => (await numberIn(page.locator(hitmap.total))) === 1);
    let sent = 1;
    for (const more of [1, 5, 20]) {
      const before = await picture(page, hitmap.cells);
      await send(demo(), service, more);
      sent += more;
      await until(`${sent} to be counted`, async () => (await numberIn(page.locator(hitmap.total))) === sent, {
        deadlineMs: SEEN_WITHIN_MS,
        seen: () => page.locator(hitmap.total).innerText(),
      });
      await until('the map to be painted anew', async () => (await picture(page, hitmap.cells)) !== before);
    }
    watch.assertQuiet();
  });

  test('columns move to the left as time goes by', { timeout: TIMEOUT_MS }, async (t) => {
    const { service } = await everyPage(demo());
    const { page, watch } = await openPage(t);
    for (const path of [`/services/${encodeURIComponent(service)}`, `/services/${encodeURIComponent(service)}/hitmap`, '/hitmap']) {
      await page.goto(path);
      await waitForStream(page, 'live');
      const [before, clock] = [await picture(page, hitmap.cells), await page.locator(pill).innerText()];
      // A column is five seconds wide, so within two of them one has moved.
      await until(`the map of ${path} to move`, async () => (await picture(page, hitmap.cells)) !== before, { deadlineMs: 10_000 });
      await until(`the clock of ${path} to go on`, async () => (await page.locator(pill).innerText()) !== clock);
    }
    watch.assertQuiet();
  });

  test('a hidden page rests and catches up when it is seen again', { timeout: TIMEOUT_MS }, async (t) => {
    const service = 'live-hidden';
    await send(demo(), service, 2);
    const { page, watch } = await openPage(t);
    await page.goto(`/services/${service}`);
    await until('both to be counted', async () => (await numberIn(page.locator(hitmap.total))) === 2);
    await setHidden(page, true);
    await waitForStream(page, 'paused');
    await send(demo(), service, 3);
    await setHidden(page, false);
    await waitForStream(page, 'live');
    await until('all five to be counted', async () => (await numberIn(page.locator(hitmap.total))) === 5);
    watch.assertQuiet();
  });

  test('a server that is gone is said, and one that is back is found', { timeout: TIMEOUT_MS }, async (t) => {
    const hinomi = await Hinomi.start('serve');
    t.after(() => hinomi.stop());
    const service = 'live-restart';
    await send(hinomi, service, 4);
    const { page, watch } = await openPage(t, { baseURL: hinomi.url });
    await page.goto(`/services/${service}`);
    await waitForStream(page, 'live');
    await until('all four to be counted', async () => (await numberIn(page.locator(hitmap.total))) === 4);

    watch.expect(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
    await hinomi.pause();
    await waitForStream(page, 'reconnecting');
    await hinomi.startAgain();
    await waitForStream(page, 'live', 30_000);
    await send(hinomi, service, 2);
    await until('six to be counted, four from before the restart', async () => (await numberIn(page.locator(hitmap.total))) === 6, {
      seen: () => page.locator(hitmap.total).innerText(),
    });
    watch.assertQuiet();
  });
});

/**
 * Sends transactions that end now.
 *
 * @param {Hinomi} hinomi
 * @param {string} service
 * @param {number} count
 */
async function send(hinomi, service, count) {
  const endMs = Date.now();
  const spans = Array.from({ length: count }, (_, n) => ({ name: 'GET /now', endMs, durationMs: 20 + n * 10 }));
  await hinomi.send(traceRequest({ 'service.name': service }, spans));
}

/**
 * Makes the page believe that its tab is hidden, or visible again.
 *
 * @param {import('playwright-core').Page} page
 * @param {boolean} hidden
 */
async function setHidden(page, hidden) {
  await page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (value ? 'hidden' : 'visible') });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}
