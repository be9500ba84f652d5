// What a hitmap shows beside its own window: the same window of another time.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hitmap, numberIn, picture, waitForStream } from './elements.mjs';
import { demo, openPage } from './fixture.mjs';
import { traceRequest } from '../support/otlp.mjs';
import { until } from '../support/wait.mjs';

const TIMEOUT_MS = 60_000;
const DAY_MS = 86_400_000;
/** Columns of ten minutes. */
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
    // Ended then while this minute has not come to it yet: no part of the comparison.
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

/**
 * Waits until the line has these pairs of then and now: all, slow, errors.
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
