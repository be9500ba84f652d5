// The list of transactions: every filter has a chip, the URL has the whole state, no typed text is
// lost. The live tail shows new transactions, waits while somebody reads, and never grows beyond
// its limits.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { list, tail, waitForStream } from './elements.mjs';
import { demo, openPage } from './fixture.mjs';
import { Hinomi } from '../support/hinomi.mjs';
import { traceRequest } from '../support/otlp.mjs';
import { until } from '../support/wait.mjs';

const TIMEOUT_MS = 120_000;
/** Start of the simulated streams. */
const BEGAN_MS = 1_767_323_045_000;
/** Most rows on the page. */
const MOST = 200;

describe('the list of transactions', () => {
  test('every filter is set in the bar, told by a chip, and taken away by it', { timeout: TIMEOUT_MS }, async (t) => {
    const service = 'list-filters';
    await send(demo(), service, [
      { name: 'POST /orders', durationMs: 40, attributes: { 'customer.name': 'Ada B' } },
      { name: 'POST /orders', durationMs: 900, attributes: { 'customer.name': 'Ada B' } },
      { name: 'POST /orders', durationMs: 900, attributes: { 'customer.name': 'Bo' } },
      { name: 'GET /orders', durationMs: 900, attributes: { 'customer.name': 'Ada B' }, error: 'no' },
    ]);
    const { page, watch } = await openPage(t);
    await page.goto('/transactions?from=now-1h');
    await page.locator(list.choice('service')).selectOption(service);
    await page.waitForURL(`**/services/${service}/transactions**`);
    assert.equal(await page.locator(list.rows).count(), 4);
    assert.equal(new URL(page.url()).searchParams.get('from'), 'now-1h', 'the range stays');

    await page.locator(list.choice('operation')).selectOption('POST /orders');
    await page.waitForURL('**operation=**');
    assert.equal(await page.locator(list.rows).count(), 3);
    await page.locator(list.field('attribute')).fill('customer.name');
    await page.locator(list.field('value')).fill('Ada B');
    await page.locator(list.field('min_ms')).fill('100');
    await page.keyboard.press('Enter');
    await page.waitForURL('**min_ms=100**');
    assert.equal(new URL(page.url()).searchParams.get('q'), 'customer.name="Ada B"');
    assert.equal(await page.locator(list.rows).count(), 1);
    assert.deepEqual(await chips(page), ['service list-filters', 'operation POST /orders', 'from 100 ms', 'attribute customer.name="Ada B"']);

    await page.locator(list.chips, { hasText: '100' }).click();
    await page.waitForURL((url) => !url.searchParams.has('min_ms'));
    assert.equal(await page.locator(list.rows).count(), 2);
    await page.locator(list.chips, { hasText: 'service' }).click();
    await page.waitForURL('**/transactions?**');
    assert.equal(new URL(page.url()).pathname, '/transactions');
    assert.deepEqual(await chips(page), ['operation POST /orders', 'attribute customer.name="Ada B"']);
    await page.goBack();
    assert.equal(await page.locator(list.rows).count(), 2, 'Back undoes it');
    watch.assertQuiet();
  });

  test('what makes no sense is said beside it, and what was typed stays', { timeout: TIMEOUT_MS }, async (t) => {
    const { page, watch } = await openPage(t);
    watch.expect(/400/);
    await page.goto('/transactions');
    await page.locator(list.field('q')).fill('order.id="open');
    await page.locator(list.field('min_ms')).fill('1s');
    await page.locator(list.field('value')).fill('lost');
    await page.keyboard.press('Enter');
    await page.locator(list.wrong).first().waitFor();
    assert.equal(await page.locator(list.wrong).count(), 3);
    for (const [name, typed] of [['q', 'order.id="open'], ['min_ms', '1s'], ['value', 'lost']]) {
      assert.equal(await page.locator(list.field(name ?? '')).inputValue(), typed);
    }
    assert.equal(await page.locator('[aria-invalid="true"]').count(), 3);
    assert.equal(await page.locator(list.rows).count(), 0);
    watch.assertQuiet();
  });

  test('pages lead to the last one', { timeout: TIMEOUT_MS }, async (t) => {
    const service = 'list-pages';
    await send(demo(), service, Array.from({ length: 130 }, () => ({ name: 'GET /page', durationMs: 5 })));
    const { page, watch } = await openPage(t);
    await page.goto(`/services/${service}/transactions?q=page`);
    const seen = new Set();
    for (const place of ['1–50 of 130', '51–100 of 130', '101–130 of 130']) {
      await page.getByText(place).first().waitFor();
      for (const link of await page.locator(list.links).evaluateAll((all) => all.map((a) => a.getAttribute('href')))) seen.add(link);
      const next = page.locator('a[rel="next"]');
      if (await next.count()) await next.click();
    }
    assert.equal(seen.size, 130);
    watch.assertQuiet();
  });
});

describe('the live tail', () => {
  test('shows what comes and matches, newest on top, and counts what it does not show', { timeout: TIMEOUT_MS }, async (t) => {
    const service = 'tail-shows';
    await send(demo(), service, [{ name: 'GET /before', durationMs: 5 }]);
    const { page, watch } = await openPage(t);
    await page.goto(`/services/${service}/transactions?min_ms=10`);
    await page.locator(tail.toggle).click();
    await page.waitForURL('**tail=1**');
    assert.equal(await page.locator(tail.toggle).getAttribute('aria-checked'), 'true');
    await waitForStream(page, 'live');
    await until('the tail to count', () => page.locator(tail.status).innerText());
    await send(demo(), service, [{ name: 'GET /short', durationMs: 5 }, { name: 'GET /long', durationMs: 25 }]);
    await page.locator(list.rows, { hasText: 'GET /long' }).waitFor();
    assert.equal(await page.locator(list.rows, { hasText: 'GET /short' }).count(), 0, 'the filter holds');
    await send(demo(), service, Array.from({ length: 90 }, () => ({ name: 'GET /many', durationMs: 30 })));
    await until('all to be counted', async () => /^91 since /.test(await page.locator(tail.status).innerText()), {
      seen: () => page.locator(tail.status).innerText(),
    });
    const shown = await page.locator(list.rows, { hasText: 'GET /many' }).count();
    assert.ok(shown >= 20 && shown < 90, `${shown} of 90 are shown`);
    await page.locator(list.links).first().focus();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/traces/**');
    watch.assertQuiet();
  });

  test('rows stay while somebody reads, and come when asked for', { timeout: TIMEOUT_MS }, async (t) => {
    const service = 'tail-held';
    await send(demo(), service, [{ name: 'GET /first', durationMs: 5 }]);
    const { page, watch } = await openPage(t);
    await page.goto(`/services/${service}/transactions?tail=1`);
    await page.locator(list.rows, { hasText: 'GET /first' }).waitFor();
    await until('the tail to count', () => page.locator(tail.status).innerText());
    await page.locator(list.links).first().hover();
    await send(demo(), service, [{ name: 'GET /second', durationMs: 5 }]);
    await page.locator(tail.held).waitFor();
    assert.match(await page.locator(tail.held).innerText(), /^1 new/);
    assert.equal(await page.locator(list.rows).count(), 1, 'nothing moves under the pointer');
    await page.locator('h1').hover();
    await until('the row to come when the pointer leaves', async () => (await page.locator(list.rows).count()) === 2);
    assert.equal(await page.locator(tail.held).isVisible(), false);

    await page.locator(list.links).first().focus();
    await send(demo(), service, [{ name: 'GET /third', durationMs: 5 }]);
    await page.locator(tail.held).click();
    await page.locator(list.rows, { hasText: 'GET /third' }).waitFor();
    watch.assertQuiet();
  });

  test('what came while the stream was away is held as well', { timeout: TIMEOUT_MS }, async (t) => {
    const service = 'tail-again';
    await send(demo(), service, [{ name: 'GET /x', durationMs: 5 }]);
    const { page, watch } = await openPage(t);
    const snapshot = (/** @type {number[]} */ ...numbers) =>
      `retry: 50\nevent: snapshot\ndata: ${JSON.stringify({ now_ms: BEGAN_MS, count: numbers.length, items: numbers.map((n) => item(service, n)) })}\n\n`;
    let asked = 0;
    /** @type {() => void} */
    let read = () => {};
    const reading = new Promise((resolve) => { read = () => resolve(undefined); });
    await page.route('**/api/v1/transactions/live?**', async (route) => {
      asked += 1;
      if (asked > 1) await reading;
      await route.fulfill({ contentType: 'text/event-stream', body: asked > 1 ? snapshot(3, 2, 1) : snapshot(1) });
    });
    await page.goto(`/services/${service}/transactions?tail=1`);
    await page.locator(list.rows, { hasText: 'GET /1' }).waitFor();
    await page.locator(list.links).first().focus();
    read();
    await page.locator(tail.held).waitFor();
    assert.match(await page.locator(tail.held).innerText(), /^2 new/);
    assert.equal(await page.locator(list.rows).count(), 1);
    await page.locator(tail.held).click();
    await until('all three to be there', async () => (await page.locator(list.rows).count()) === 3);
    watch.assertQuiet();
  });

  test('it holds no more rows than fit', { timeout: TIMEOUT_MS }, async (t) => {
    const service = 'tail-bounds';
    await send(demo(), service, [{ name: 'GET /x', durationMs: 5 }]);
    const { page, watch } = await openPage(t);
    // Minutes of a busy service at once.
    const events = Array.from({ length: 60 }, (_, second) => {
      const items = Array.from({ length: 20 }, (_, at) => item(service, second * 20 + at)).reverse();
      return `event: delta\ndata: ${JSON.stringify({ now_ms: BEGAN_MS + second * 1000, count: 500, items })}\n\n`;
    });
    await page.route('**/api/v1/transactions/live?**', (route) => route.fulfill({ contentType: 'text/event-stream', body: events.join('') }));
    await page.goto(`/services/${service}/transactions?tail=1`);
    await page.locator(list.rows, { hasText: 'GET /1199' }).first().waitFor();
    assert.equal(await page.locator(list.rows).count(), MOST);
    assert.match(await page.locator(list.rows).first().innerText(), /GET \/1199/);
    assert.match(await page.locator(tail.status).innerText(), /480 more per second not shown$/);
    watch.assertQuiet();
  });

  test('a server that is gone is said, and the list goes on when it is back', { timeout: TIMEOUT_MS }, async (t) => {
    const hinomi = await Hinomi.start('serve');
    t.after(() => hinomi.stop());
    const service = 'tail-restart';
    await send(hinomi, service, [{ name: 'GET /first', durationMs: 5 }]);
    const { page, watch } = await openPage(t, { baseURL: hinomi.url });
    await page.goto(`/services/${service}/transactions?tail=1`);
    await waitForStream(page, 'live');
    watch.expect(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
    await hinomi.pause();
    await waitForStream(page, 'reconnecting');
    await hinomi.startAgain();
    await waitForStream(page, 'live', 30_000);
    await send(hinomi, service, [{ name: 'GET /second', durationMs: 5 }]);
    await page.locator(list.rows, { hasText: 'GET /second' }).waitFor();
    assert.equal(await page.locator(list.rows).count(), 2);
    watch.assertQuiet();
  });
});

/** A transaction as the stream sends it. @param {string} service @param {number} n */
function item(service, n) {
  return {
    trace_id: n.toString(16).padStart(32, '0'), span_id: n.toString(16).padStart(16, '0'), service, operation: `GET /${n}`,
    instance: '', version: '', end_ms: BEGAN_MS + n, duration_ms: 5, outcome: 'ok',
  };
}

/** @param {import('playwright-core').Page} page */
async function chips(page) {
  const texts = await page.locator(list.chips).evaluateAll((all) => all.map((chip) => {
    const [name, value] = [chip.querySelector('span'), chip.querySelector('b')];
    return `${name?.textContent} ${value?.textContent}`;
  }));
  return texts.map((text) => text.replaceAll('\u00a0', ' '));
}

/**
 * Sends transactions that end now.
 *
 * @param {Hinomi} hinomi
 * @param {string} service
 * @param {{ name: string, durationMs: number, attributes?: Record<string, string>, error?: string }[]} shapes
 */
async function send(hinomi, service, shapes) {
  const now = Date.now();
  await hinomi.send(traceRequest({ 'service.name': service }, shapes.map((shape, at) => ({ endMs: now - at, ...shape }))));
}
