// Comparisons on a hitmap: another time and the present one, two regions of it; and rows of the
// time in calls.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { drag, hitmap, numberIn, picture, selectedRegion, selection, waitForStream } from './elements.mjs';
import { demo, openPage } from './fixture.mjs';
import { everyPage } from './pages.mjs';
import { KIND, newSpanId, newTraceId, traceRequest } from '../support/otlp.mjs';
import { until } from '../support/wait.mjs';

const TIMEOUT_MS = 60_000;
const DAY_MS = 86_400_000;
/** Width of a column in a range of ten minutes. */
const COLUMN_MS = 5_000;

describe('the same window of another time', () => {
  test('is counted beside this one, drawn, in the address, and gone again', { timeout: TIMEOUT_MS }, async (t) => {
    const service = 'then-and-now';
    const to = Math.floor(Date.now() / COLUMN_MS) * COLUMN_MS - 60_000;
    const from = to - 300_000;
    await send(service, to - DAY_MS - 60_000, { ok: 3, slow: 1, error: 1 });
    await send(service, to - 120_000, { ok: 6, slow: 0, error: 4 });
    const { page, watch } = await openPage(t);
    await page.goto(`/services/${service}?from=${from}&to=${to}`);
    assert.equal(await numberIn(page.locator(hitmap.total)), 10);
    const alone = await picture(page, hitmap.cells);

    await page.locator(hitmap.thenChoice).selectOption('yesterday');
    const pairs = await toldPairs(page, [['5', '10'], ['1', '0'], ['1', '4']]);
    assert.equal(new URL(page.url()).searchParams.get('vs'), 'yesterday');
    const both = await picture(page, hitmap.cells);
    assert.notEqual(both, alone, 'the map draws it');

    await page.reload();
    assert.deepEqual(await toldPairs(page, pairs), pairs, 'the address brings it back');
    assert.equal(await page.locator(hitmap.thenChoice).inputValue(), 'yesterday');

    await page.locator(hitmap.thenChoice).selectOption('last-week');
    const line = page.locator(hitmap.then);
    await until('last week to be said to have nothing', async () => /No transactions/.test(await line.innerText()), { seen: () => line.innerText() });
    await page.goBack();
    await toldPairs(page, pairs);
    await page.locator(hitmap.thenChoice).selectOption('');
    await line.waitFor({ state: 'hidden' });
    assert.equal(new URL(page.url()).searchParams.get('vs'), null);
    assert.equal(await picture(page, hitmap.cells), alone, 'nothing of it is left');
    watch.assertQuiet();
  });

  test('moves with a live one, and counts only columns that are whole', { timeout: TIMEOUT_MS }, async (t) => {
    const service = 'then-and-live';
    const now = Date.now();
    await send(service, now - DAY_MS - 60_000, { ok: 7, slow: 0, error: 2 });
    await send(service, now - 30_000, { ok: 4, slow: 0, error: 0 });
    // At the other time these ended at a minute that has not passed yet today, so they are not
    // compared.
    await send(service, now - DAY_MS + 600_000, { ok: 50, slow: 0, error: 0 });
    const { page, watch } = await openPage(t);
    await page.goto(`/services/${service}/hitmap?vs=yesterday`);
    await waitForStream(page, 'live');
    await toldPairs(page, [['9', '4'], ['0', '0'], ['2', '0']]);
    const times = page.locator(`${hitmap.then} b`);
    const first = await times.getAttribute('title');
    await until('the window to move', async () => (await times.getAttribute('title')) !== first);
    await toldPairs(page, [['9', '4'], ['0', '0'], ['2', '0']]);
    watch.assertQuiet();
  });
});

describe('the duration from which transactions are slow', () => {
  test('is chosen on a page of the service, for the past too, and a failure is said', { timeout: TIMEOUT_MS }, async (t) => {
    const service = 'slow-from-300';
    const to = Math.floor(Date.now() / COLUMN_MS) * COLUMN_MS - 60_000;
    await send(service, to - 120_000, { ok: 40, slow: 2, error: 1 });
    const { page, watch } = await openPage(t);
    await page.goto(`/services/${service}/hitmap?from=${to - 300_000}&to=${to}`);
    assert.equal(await numberIn(page.locator(hitmap.slow)), 2);
    const choice = page.locator(hitmap.slowChoice);
    assert.equal(await choice.inputValue(), '', 'the default of 1 s');

    // The forty took 20 ms, 30 ms, … 410 ms: twelve of them 300 ms or more.
    await Promise.all([page.waitForEvent('load'), choice.selectOption('300')]);
    assert.equal(await numberIn(page.locator(hitmap.slow)), 14);
    assert.equal(await choice.inputValue(), '300');
    await page.goto(`/services/${service}?from=${to - 300_000}&to=${to}`);
    assert.equal(await numberIn(page.locator(hitmap.slow)), 14, 'on every page');
    watch.assertQuiet();

    await page.route('**/settings*', (route) => route.abort());
    await choice.selectOption('2000');
    await page.locator(hitmap.slowFailed).waitFor();
    assert.equal(await choice.inputValue(), '300', 'it still is what counts');
    await page.unroute('**/settings*');

    await Promise.all([page.waitForEvent('load'), choice.selectOption('')]);
    assert.equal(await numberIn(page.locator(hitmap.slow)), 2);
  });

  test('is not offered where several services are on one map', { timeout: TIMEOUT_MS }, async (t) => {
    const { page } = await openPage(t);
    await page.goto('/hitmap');
    await page.locator(hitmap.map).waitFor();
    assert.equal(await page.locator(hitmap.slowChoice).count(), 0);
  });
});

describe('two regions', () => {
  test('are listed beside each other, both in the address; Escape clears the newest first', { timeout: TIMEOUT_MS }, async (t) => {
    const { service } = await everyPage(demo());
    const { page, watch } = await openPage(t);
    await page.goto(`/services/${encodeURIComponent(service)}/hitmap`);
    await waitForStream(page, 'live');
    await drag(page, { left: 0.2, right: 0.35, top: 0.5 });
    await drag(page, { left: 0.5, right: 0.65, top: 0.4 }, 'Shift');
    const regions = [await selectedRegion(page, 'sel'), await selectedRegion(page, 'sel2')];
    assert.notDeepEqual(regions[0], regions[1]);
    await bothCounted(page, service, regions);

    await page.reload();
    await bothCounted(page, service, regions);
    await page.keyboard.press('Escape');
    await until('one to be left', async () => (await page.locator(selection.panel).count()) === 1);
    assert.deepEqual(await selectedRegion(page, 'sel'), regions[0]);
    assert.equal(new URL(page.url()).searchParams.get('sel2'), null);
    await page.goBack();
    await bothCounted(page, service, regions);

    // When the first one is closed, the second is the only one.
    await page.locator(selection.close).first().click();
    assert.deepEqual(await selectedRegion(page, 'sel'), regions[1]);
    await page.keyboard.press('Escape');
    await page.locator(selection.panel).waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).searchParams.get('sel'), null);
    watch.assertQuiet();
  });

  test('are had by keeping the first, and by keyboard', { timeout: TIMEOUT_MS }, async (t) => {
    const { service } = await everyPage(demo());
    const { page, watch } = await openPage(t);
    await page.goto(`/services/${encodeURIComponent(service)}/hitmap`);
    await waitForStream(page, 'live');
    const top = 0.5;
    await drag(page, { left: 0.2, right: 0.3, top });
    const first = await selectedRegion(page);
    await drag(page, { left: 0.3, right: 0.4, top });
    const instead = await selectedRegion(page);
    assert.notDeepEqual(instead, first, 'without more a drag takes the place of the one before');
    assert.equal(await page.locator(selection.panel).count(), 1);

    await page.locator(selection.keep).click();
    assert.equal(await page.locator(selection.keep).getAttribute('aria-pressed'), 'true');
    await drag(page, { left: 0.5, right: 0.6, top });
    await until('two to be listed', async () => (await page.locator(selection.panel).count()) === 2);
    assert.deepEqual(await selectedRegion(page, 'sel'), instead);
    await page.keyboard.press('Escape');
    await until('one to be left', async () => (await page.locator(selection.panel).count()) === 1);

    await page.locator(hitmap.map).focus();
    for (const key of ['ArrowLeft', 'ArrowLeft', 'Shift+ArrowLeft', 'Shift+ArrowDown', 'Shift+ArrowDown']) await page.keyboard.press(key);
    await page.keyboard.press('Shift+Enter');
    assert.deepEqual(await selectedRegion(page, 'sel'), instead);
    await bothCounted(page, service, [instead, await selectedRegion(page, 'sel2')]);
    const focused = page.locator(selection.panel).nth(1).locator(selection.title);
    assert.ok(await focused.evaluate((title) => title === document.activeElement), 'the reader is at the new list');
    watch.assertQuiet();
  });
});

describe('the name of a pattern', () => {
  test('is clicked for its region, and dragged from as the map is', { timeout: TIMEOUT_MS }, async (t) => {
    const { page, watch } = await openPage(t);
    await page.goto('/services/payment?from=now-15m');
    const label = page.locator('.label-horizontal button').first();
    await label.click();
    await page.locator(selection.panel).waitFor();
    const named = await selectedRegion(page);
    await page.locator('.label-horizontal .help').first().click();
    const help = page.locator('#help-shape-horizontal');
    await help.waitFor();
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'hidden' });
    assert.equal(await page.locator(selection.panel).count(), 1, 'Escape closes the help and nothing else');
    await page.keyboard.press('Escape');
    await page.locator(selection.panel).waitFor({ state: 'detached' });

    const box = await label.boundingBox();
    assert.ok(box);
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 2, y + 2);
    await page.mouse.move(x - 120, y + 60, { steps: 4 });
    await page.mouse.up();
    await page.locator(selection.panel).waitFor();
    const dragged = await selectedRegion(page);
    assert.notDeepEqual(dragged, named, 'the drag and not the pattern');
    watch.assertQuiet();
  });
});

describe('rows of the time in calls', () => {
  test('count every transaction, and a drag lists those of its region', { timeout: TIMEOUT_MS }, async (t) => {
    const service = 'time-in-calls';
    const to = Math.floor(Date.now() / COLUMN_MS) * COLUMN_MS - 60_000;
    const range = { from: to - 300_000, to };
    const database = { 'db.system.name': 'postgresql', 'db.query.text': 'SELECT 1', 'server.address': 'db' };
    const outside = { 'http.request.method': 'GET', 'url.full': 'https://outside.example/x', 'server.address': 'outside.example' };
    await sendCalls(service, to - 90_000, 4, [[80, database], [120, database], [210, outside]]);
    await sendCalls(service, to - 120_000, 3, [[250, outside]]);
    await sendCalls(service, to - 150_000, 2, []);
    const { page, watch } = await openPage(t);
    await page.goto(`/services/${service}?from=${range.from}&to=${range.to}`);
    assert.equal(await numberIn(page.locator(hitmap.total)), 9);
    const byResponse = await picture(page, hitmap.cells);

    for (const [y, count, took] of /** @type {const} */ ([['database', 4, '200'], ['external', 7, '210']])) {
      await page.locator(hitmap.spentChoice).selectOption(y);
      await until('the map to be of the calls', async () => (await numberIn(page.locator(hitmap.total))) === 9 && (await picture(page, hitmap.cells)) !== byResponse);
      assert.equal(new URL(page.url()).searchParams.get('y'), y);
      assert.equal(new URL(page.url()).searchParams.get('sel'), null, 'a region of other rows is let go');
      assert.match(await page.locator(hitmap.spent).innerText(), /Time in calls/);
      // All rows except the lowest ones, which have the transactions without calls.
      await drag(page, { left: 0.1, right: 0.88, top: 0.15, bottom: 0.6 });
      const region = await selectedRegion(page);
      assert.equal((await demo().transactions({ service, y, ...region })).items.length, count);
      await until(`${count} to be listed`, async () => (await page.locator(selection.rows).count()) === count);
      assert.equal(await numberIn(page.locator(selection.title)), count);
      assert.match((await page.locator(selection.took).allInnerTexts()).at(0) ?? '', new RegExp(`^${took}`));
      const differences = await demo().get('differences', { service, y, ...range, ...regionOfDifferences(region) });
      assert.deepEqual([differences.selected, differences.rest], [count, 9 - count], 'they are of the list and of what it has not');
      await until('the panel to have sampled them', async () => (await page.locator(selection.differences).innerText()).includes(`from ${count} and ${9 - count} sampled`));
      const file = await page.locator(selection.csv).evaluate(async (link) => (await fetch(/** @type {HTMLAnchorElement} */ (link).href)).text());
      const [header, ...lines] = file.trimEnd().split('\r\n').map((line) => line.split(','));
      const column = header?.indexOf('spent_ms') ?? -1;
      assert.deepEqual(lines.map((line) => line[column]?.startsWith(took.slice(0, 1))), Array(count).fill(true), 'the file has them all');
    }

    await page.reload();
    await until('the address to bring it back', async () => (await page.locator(selection.rows).count()) === 7);
    await until('its outcomes to be counted', async () => (await page.locator(selection.counts).innerText()).includes('7 ok'));
    await page.locator(hitmap.spentChoice).selectOption('');
    await until('the response time to be back', async () => (await picture(page, hitmap.cells)) === byResponse);
    assert.equal(new URL(page.url()).searchParams.get('y'), null);
    watch.assertQuiet();
  });

  test('have named patterns of the calls', { timeout: TIMEOUT_MS }, async (t) => {
    const service = 'time-in-calls-timeout';
    const to = Math.floor(Date.now() / COLUMN_MS) * COLUMN_MS - 60_000;
    const range = { from: to - 300_000, to };
    /** @param {number} durationMs @returns {[number, Record<string, string>]} */
    const query = (durationMs) => [durationMs, { 'db.system.name': 'postgresql', 'db.query.text': 'SELECT 1', 'server.address': 'db' }];
    for (let column = 0; column < 60; column += 1) {
      const at = range.from + column * COLUMN_MS + 2_000;
      for (const durationMs of [20, 25, 30, 40]) await sendCalls(service, at, 1, [query(durationMs)]);
      await sendCalls(service, at, 3, []);
      if (column >= 30) await sendCalls(service, at + 1_000, 2, [query(3_004)]);
    }
    const patterns = async (/** @type {string} */ y) => (await demo().get('hitmap', { service, y, ...range })).patterns;
    const [line, ...others] = await patterns('database');
    assert.deepEqual([line.kind, line.constant_ms, line.count, line.of_all, others.length], ['horizontal', 3_000, 60, false, 0]);
    assert.deepEqual([await patterns('external'), await patterns('duration')], [[], []]);

    const { page, watch } = await openPage(t);
    await page.goto(`/services/${service}/hitmap?from=${range.from}&to=${range.to}&y=database`);
    const label = page.locator(hitmap.timeout);
    await label.waitFor();
    assert.match(await label.innerText(), /^Many end after 3\ss, since/);
    await label.locator('button').first().click();
    await until('what it names to be listed', async () => (await numberIn(page.locator(selection.title))) === 60);
    watch.assertQuiet();
  });

  test('are read anew on a live map, which says so', { timeout: TIMEOUT_MS }, async (t) => {
    const service = 'time-in-calls-live';
    await sendCalls(service, Date.now(), 2, []);
    const { page, watch } = await openPage(t);
    await page.goto(`/services/${service}/hitmap?y=database`);
    await until('both to be counted', async () => (await numberIn(page.locator(hitmap.total))) === 2);
    assert.match(await page.locator(hitmap.spent).innerText(), /every 10 s/);
    await sendCalls(service, Date.now(), 3, []);
    await until('the next reading to count all five', async () => (await numberIn(page.locator(hitmap.total))) === 5, { deadlineMs: 30_000 });
    await page.locator(hitmap.spentChoice).selectOption('');
    await waitForStream(page, 'live');
    await sendCalls(service, Date.now(), 1, []);
    await until('the stream to go on', async () => (await numberIn(page.locator(hitmap.total))) === 6);
    watch.assertQuiet();
  });
});

/**
 * Sends transactions within one second that end at an instant and have made these calls one after the other.
 *
 * @param {string} service
 * @param {number} endMs
 * @param {number} count
 * @param {[number, Record<string, string>][]} calls Their durations and attributes
 */
async function sendCalls(service, endMs, count, calls) {
  const spans = Array.from({ length: count }, () => {
    const [traceId, spanId] = [newTraceId(), newSpanId()];
    const below = calls.map(([durationMs, attributes], at) => ({
      name: `call ${at}`, kind: KIND.client, traceId, parentSpanId: spanId, endMs: endMs - 10 * at, durationMs, attributes,
    }));
    return [{ name: 'GET /calls', traceId, spanId, endMs, durationMs: 950 }, ...below];
  });
  await demo().send(traceRequest({ 'service.name': service }, spans.flat()));
}

/**
 * A list's region as parameters of the differences.
 *
 * @param {{ from?: string, to?: string, min_ms?: string, max_ms?: string }} region
 */
function regionOfDifferences({ from, to, ...durations }) {
  return { selected_from: from, selected_to: to, ...durations };
}

/**
 * Waits until the lists have the numbers that the API counts in their regions.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} service
 * @param {{ from?: string, to?: string, min_ms?: string, max_ms?: string }[]} regions
 */
async function bothCounted(page, service, regions) {
  for (const [at, region] of regions.entries()) {
    const panel = page.locator(selection.panel).nth(at);
    const total = async () => (await demo().get('transactions', { service, ...region, limit: 1 })).total;
    const title = panel.locator(selection.title);
    await title.waitFor();
    await until('the list to count its region', async () => (await numberIn(title)) === (await total()), { seen: () => title.innerText() });
    assert.equal(await panel.locator(selection.letter).innerText(), 'AB'[at]);
  }
}

/**
 * Waits until the line has these pairs of the other time and now: all, slow, errors.
 *
 * @param {import('playwright-core').Page} page
 * @param {string[][]} wanted
 */
async function toldPairs(page, wanted) {
  const line = page.locator(hitmap.then);
  const told = async () => {
    const texts = await line.locator('[data-then]').allInnerTexts();
    return texts.map((text) => /(\d+) → (\d+)/.exec(text)?.slice(1) ?? []);
  };
  await until(`the line to say ${JSON.stringify(wanted)}`, async () => JSON.stringify(await told()) === JSON.stringify(wanted), { seen: () => line.innerText() });
  return told();
}

/**
 * Sends transactions that end at an instant.
 *
 * @param {string} service
 * @param {number} endMs
 * @param {{ ok: number, slow: number, error: number }} counts
 */
async function send(service, endMs, { ok, slow, error }) {
  const some = (/** @type {number} */ count, /** @type {object} */ more) => Array.from({ length: count }, (_, n) => ({ name: 'GET /then', endMs, durationMs: 20 + n * 10, ...more }));
  await demo().send(traceRequest({ 'service.name': service }, [...some(ok, {}), ...some(slow, { durationMs: 2_000 }), ...some(error, { error: 'refused' })]));
}
