// The search for spans: an order's number leads to its trace; a search can be stopped and
// continued; what it has not read, and what is damaged, is reported.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { search, trace } from './elements.mjs';
import { demo, openPage } from './fixture.mjs';
import { Hinomi } from '../support/hinomi.mjs';
import { newTraceId, traceRequest } from '../support/otlp.mjs';
import { until } from '../support/wait.mjs';

const TIMEOUT_MS = 120_000;
/** The request of the page. */
const STREAM = '**/api/v1/search/live?**';

describe('search', () => {
  test('an order found by its number leads to its trace', { timeout: TIMEOUT_MS }, async (t) => {
    const traceId = newTraceId();
    await send('search-order', [{ traceId, attributes: { 'order.id': 'A-77001' } }, { attributes: { 'order.id': 'A-77002' } }]);
    const { page, watch } = await openPage(t);
    await page.goto('/');
    await page.locator('input[name="q"]').first().fill('order.id=A-77001');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/search?**');
    await until('one row', async () => (await page.locator(search.rows).count()) === 1, {
      seen: () => page.locator(search.status).innerText(),
    });
    // The row stands before the search is through.
    await until('the end of the search', async () => /^1 found among /.test(await page.locator(search.status).innerText()), {
      seen: () => page.locator(search.status).innerText(),
    });
    assert.match(await page.locator(search.rows).innerText(), /order\.id = A-77001/);
    await page.locator(search.links).click();
    await page.waitForURL(`**/traces/${traceId}**`);
    await page.locator(trace.page).waitFor();
    watch.assertQuiet();
  });

  test('a search of many goes on where it stopped, and shows each once', { timeout: TIMEOUT_MS }, async (t) => {
    await send('search-many', Array.from({ length: 230 }, () => ({ attributes: { 'batch.id': 'many-77' } })));
    const { page, watch } = await openPage(t);
    await page.goto(`/search?q=${encodeURIComponent('batch.id=many-77')}`);
    for (const [shown, more] of /** @type {const} */ ([[100, true], [200, true], [230, false]])) {
      await until(`${shown} rows`, async () => (await page.locator(search.rows).count()) === shown, {
        seen: () => page.locator(search.status).innerText(),
      });
      await until('the end of the round', async () => (await page.locator(search.goOn).isVisible()) === more);
      if (more) {
        assert.match(await page.locator(search.covered).innerText(), /^There may be more before \d{4}-/);
        await page.locator(search.goOn).click();
      }
    }
    assert.match(await page.locator(search.status).innerText(), /^230 found among /);
    const links = await page.locator(search.links).evaluateAll((all) => all.map((link) => link.getAttribute('href')));
    assert.equal(new Set(links).size, 230);
    watch.assertQuiet();
  });

  test('a search that takes long is stopped and begun again', { timeout: TIMEOUT_MS }, async (t) => {
    await send('search-stop', [{ attributes: { 'order.id': 'A-77003' } }]);
    const { page, watch } = await openPage(t);
    // The server takes its time: there is no answer at all.
    await page.route(STREAM, () => {});
    await page.goto(`/search?q=${encodeURIComponent('order.id=A-77003')}`);
    assert.equal(await page.locator(search.status).innerText(), 'Searching…');
    await page.locator(search.stop).click();
    assert.equal(await page.locator(search.status).innerText(), 'Stopped');
    assert.equal(await page.locator(search.stop).isVisible(), false);
    await page.unroute(STREAM);
    assert.ok(await page.locator(search.again).evaluate((button) => button === document.activeElement), 'the keyboard goes on from here');
    await page.keyboard.press('Enter');
    await until('one row', async () => (await page.locator(search.rows).count()) === 1);
    assert.equal(await page.locator(search.again).isVisible(), false);
    watch.assertQuiet();
  });

  test('a search whose time is up says how far it came and goes on from there', { timeout: TIMEOUT_MS }, async (t) => {
    await send('search-time', [{ attributes: { 'order.id': 'A-77004' } }]);
    const { page, watch } = await openPage(t);
    const answer = { items: [], complete: false, stopped: 'time', next_before: null, scanned: { segments: 1, of_segments: 9, rows: 70_000 }, covered_from_ms: Date.UTC(2026, 0, 2, 3, 4, 5), partial: false, lost: [] };
    const events = [
      `event: progress\ndata: ${JSON.stringify({ ...answer.scanned, covered_from_ms: answer.covered_from_ms })}\n\n`,
      `event: end\ndata: ${JSON.stringify(answer)}\n\n`,
    ];
    await page.route(STREAM, (route) => route.fulfill({ contentType: 'text/event-stream', body: events.join('') }));
    await page.goto(`/search?q=${encodeURIComponent('order.id=A-77004')}`);
    await page.locator(search.goOn).waitFor();
    assert.match(await page.locator(search.covered).innerText(), /^The time limit was reached\. Everything from 2026-01-02 03:04:05\.000 on was searched/);
    assert.match(await page.locator(search.status).innerText(), /^0 found so far among 70,000 spans$/);
    assert.equal(await page.locator(search.none).isVisible(), false, 'nothing is said to be nowhere yet');
    await page.unroute(STREAM);
    await page.locator(search.goOn).click();
    await until('one row', async () => (await page.locator(search.rows).count()) === 1);
    watch.assertQuiet();
  });

  test('what is damaged is said with its time', { timeout: TIMEOUT_MS }, async (t) => {
    const hinomi = await Hinomi.start('serve');
    t.after(() => hinomi.stop());
    const endMs = Date.now() - 1_000;
    await send('search-damage', [{ attributes: { 'order.id': 'A-77005' }, endMs }], hinomi);
    await hinomi.pause();
    const folder = join(hinomi.folder, 'segments/default/spans');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.parquet'));
    assert.equal(files.length, 1);
    const file = join(folder, files[0] ?? '');
    const bytes = readFileSync(file);
    const middle = Math.floor(bytes.length / 3);
    bytes[middle] = (bytes[middle] ?? 0) ^ 8;
    writeFileSync(file, bytes);
    await hinomi.startAgain();
    const { page, watch } = await openPage(t, { baseURL: hinomi.url });
    await page.goto(`/search?q=${encodeURIComponent('order.id=A-77005')}`);
    await page.locator(search.partial).waitFor();
    const day = new Date(endMs).toISOString().slice(0, 10);
    assert.match(await page.locator(search.partial).innerText(), new RegExp(`cannot be read: ${day} .* – ${day} .*hinomi doctor`));
    assert.equal(await page.locator(search.rows).count(), 0);
    await until('the end', async () => /^0 found among /.test(await page.locator(search.status).innerText()));
    assert.equal(await page.locator(search.none).isVisible(), false, 'nobody can say that there is none');
    // If a number were lost on the way to the screen, the answer would be wrong.
    const answer = await hinomi.get('search', { q: 'order.id=A-77005' });
    assert.equal(answer.partial, true);
    assert.deepEqual(answer.lost.map((/** @type {any} */ lost) => lost.table), ['spans']);
    watch.assertQuiet();
  });
});

/**
 * Sends transactions that end now.
 *
 * @param {string} service
 * @param {{ traceId?: string, endMs?: number, attributes: Record<string, string> }[]} shapes
 * @param {Hinomi} [hinomi]
 */
async function send(service, shapes, hinomi = demo()) {
  const now = Date.now();
  const spans = shapes.map((shape, at) => ({ name: 'POST /orders', endMs: now - at, durationMs: 20, ...shape }));
  await hinomi.send(traceRequest({ 'service.name': service }, spans));
}
