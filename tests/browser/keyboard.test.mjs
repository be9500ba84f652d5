// The hitmap without a mouse: move, extend, open, clear; and the shortcuts of the whole page.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hitmap, numberIn, selectedRegion, selection, waitForStream } from './elements.mjs';
import { demo, openPage } from './fixture.mjs';
import { everyPage } from './pages.mjs';
import { until } from '../support/wait.mjs';

const TIMEOUT_MS = 60_000;

describe('by keyboard', () => {
  test('a region of the hitmap is chosen, opened and let go', { timeout: TIMEOUT_MS }, async (t) => {
    const { service } = await everyPage(demo());
    const { page, watch } = await openPage(t);
    await page.goto(`/services/${encodeURIComponent(service)}/hitmap`);
    await waitForStream(page, 'live');
    await tabTo(page, hitmap.map);

    // Away from the newest columns, which still grow.
    for (let step = 0; step < 12; step += 1) await page.keyboard.press('ArrowLeft');
    const first = await until('the cursor to be told', () => page.locator(hitmap.status).innerText());
    await page.keyboard.press('ArrowUp');
    await until('the cursor to move', async () => (await page.locator(hitmap.status).innerText()) !== first);
    for (let step = 0; step < 40; step += 1) await page.keyboard.press('Shift+ArrowLeft');
    for (let step = 0; step < 60; step += 1) await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator(selection.panel).waitFor();

    const region = await selectedRegion(page);
    const { total } = await demo().get('transactions', { service, ...region, limit: 1 });
    await until(`the selection to count ${total}`, async () => (await numberIn(page.locator(selection.title))) === total, {
      seen: () => page.locator(selection.title).innerText(),
    });

    await page.keyboard.press('Escape');
    await page.locator(selection.panel).waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).searchParams.get('sel'), null);
    watch.assertQuiet();
  });

  test('/ goes to the search box, and a trace id found there opens its trace', { timeout: TIMEOUT_MS }, async (t) => {
    const { trace } = await everyPage(demo());
    const { page, watch } = await openPage(t);
    await page.goto('/');
    await page.keyboard.press('/');
    await page.keyboard.type(trace.trace_id);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/traces/${trace.trace_id}**`);
    watch.assertQuiet();
  });

  test('the first Tab offers to skip to the content', { timeout: TIMEOUT_MS }, async (t) => {
    const { page, watch } = await openPage(t);
    await page.goto('/');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
    watch.assertQuiet();
  });
});

/**
 * Presses Tab until an element has the focus.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} selector
 */
async function tabTo(page, selector) {
  for (let pressed = 0; pressed < 80; pressed += 1) {
    await page.keyboard.press('Tab');
    if (await page.locator(selector).evaluate((element) => element === document.activeElement)) return;
  }
  assert.fail(`${selector} is not reached by Tab`);
}
