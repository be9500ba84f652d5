// From a pattern on the hitmap down to the SQL behind it, and a link that shows a colleague the
// same.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { drag, hitmap, numberIn, selectedRegion, selection, trace, waitForStream } from './elements.mjs';
import { demo, openPage } from './fixture.mjs';
import { everyPage } from './pages.mjs';
import { sum } from '../support/hinomi.mjs';
import { until } from '../support/wait.mjs';

const TIMEOUT_MS = 120_000;
/** Most pages of a list that are turned: enough for every row of a drag here. */
const PAGES_MAX = 60;

describe('hitmap to SQL', () => {
  test('a drag lists exactly what is counted; a trace shows its SQL; a colleague sees the same', { timeout: TIMEOUT_MS }, async (t) => {
    const { service } = await everyPage(demo());
    const { page, context, watch } = await openPage(t);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(`/services/${encodeURIComponent(service)}`);
    await waitForStream(page, 'live');

    await drag(page, { left: 0.35, right: 0.55 });
    const region = await selectedRegion(page);
    const list = await demo().transactions({ service, ...region });
    assert.ok(list.total > 0, `the drag over ${JSON.stringify(region)} holds transactions`);
    assert.equal(list.items.length, list.total, 'the API lists every one');
    await until(`the selection's header to say ${list.total}`, async () => (await numberIn(page.locator(selection.title))) === list.total, {
      seen: () => page.locator(selection.title).innerText(),
    });
    assert.equal(await turnedPages(page), list.total, 'turning the pages shows every one');

    const { item, span, sql } = await withSql(list.items);
    await page.goto(`/services/${encodeURIComponent(service)}?${new URLSearchParams({ sel: new URL(page.url()).searchParams.get('sel') ?? '' })}`);
    const link = await rowOf(page, item.trace_id);
    await link.click();
    await page.waitForURL(`**/traces/${item.trace_id}**`);
    await page.locator(trace.row(span)).first().click();
    await page.locator(trace.sql).waitFor();
    assert.equal(squeezed(await page.locator(trace.sql).innerText()), squeezed(sql));

    await page.locator(trace.copyLink).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(copied, new RegExp(`^${demo().url}/traces/${item.trace_id}\\?.*span=${span}`));
    watch.assertQuiet();

    const colleague = await openPage(t, { theme: 'light', language: 'ko' });
    await colleague.page.goto(copied);
    assert.equal(squeezed(await colleague.page.locator(trace.sql).innerText()), squeezed(sql));
    assert.match((await colleague.page.locator(trace.selected).getAttribute('href')) ?? '', new RegExp(span));
    colleague.watch.assertQuiet();
  });

  test('a selection is in the address, and Back undoes it', { timeout: TIMEOUT_MS }, async (t) => {
    const { service } = await everyPage(demo());
    const { page, watch } = await openPage(t);
    await page.goto(`/services/${encodeURIComponent(service)}/hitmap`);
    await waitForStream(page, 'live');
    await drag(page, { left: 0.3, right: 0.5 });
    const region = await selectedRegion(page);
    const counted = await until('the header to count', () => numberIn(page.locator(selection.title)));

    await page.reload();
    await page.locator(selection.panel).waitFor();
    assert.deepEqual(await selectedRegion(page), region, 'the address brings it back');
    assert.equal(await numberIn(page.locator(selection.title)), counted);

    await page.locator(selection.close).click();
    await page.locator(selection.panel).waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).searchParams.get('sel'), null);
    await page.goBack();
    await page.locator(selection.panel).waitFor();
    watch.assertQuiet();
  });

  test('the counts over a still hitmap are the API\'s, and each outcome filters', { timeout: TIMEOUT_MS }, async (t) => {
    const { service } = await everyPage(demo());
    const to = Math.floor(Date.now() / 60_000) * 60_000 - 60_000;
    const range = { from: to - 300_000, to };
    const expected = await demo().get('hitmap', { service, ...range });
    const { page, watch } = await openPage(t);
    await page.goto(`/services/${encodeURIComponent(service)}?from=${range.from}&to=${range.to}`);
    assert.equal(await numberIn(page.locator(hitmap.total)), sum(expected));
    assert.equal(await numberIn(page.locator(hitmap.slow)), expected.total.slow);
    assert.equal(await numberIn(page.locator(hitmap.error)), expected.total.error);

    for (const outcome of /** @type {const} */ (['slow', 'error'])) {
      await page.locator(`[data-outcome="${outcome}"]`).click();
      await until('the filter to be in the address', () => new URL(page.url()).searchParams.get('outcome') === outcome);
      await drag(page, { left: 0.1, right: 0.85, top: 0.1, bottom: 0.88 });
      const region = await selectedRegion(page);
      const { total } = await demo().get('transactions', { service, outcome, ...region, limit: 1 });
      await until(`the selection to count ${total} ${outcome}`, async () => (await numberIn(page.locator(selection.title))) === total, {
        seen: () => page.locator(selection.title).innerText(),
      });
      await page.locator(selection.close).click();
    }
    watch.assertQuiet();
  });
});

/**
 * Turns the pages of the selection's list to the end. Returns the number of rows.
 *
 * @param {import('playwright-core').Page} page
 */
async function turnedPages(page) {
  const seen = new Set();
  for (let turned = 0; turned < PAGES_MAX; turned += 1) {
    const links = await page.locator(selection.links).evaluateAll((all) => all.map((a) => /** @type {HTMLAnchorElement} */ (a).href));
    const before = seen.size;
    for (const href of links) seen.add(href);
    assert.ok(seen.size > before, 'every page shows rows that were not shown before');
    if (await page.locator(selection.next).isDisabled()) return seen.size;
    const place = await page.locator(selection.place).innerText();
    await page.locator(selection.next).click();
    await until('the next page of the list', async () => (await page.locator(selection.place).innerText()) !== place);
  }
  assert.fail(`the list does not end within ${PAGES_MAX} pages`);
}

/**
 * The link to a trace in the selection's list, on whichever page it is.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} traceId
 */
async function rowOf(page, traceId) {
  await page.locator(selection.links).first().waitFor();
  for (let turned = 0; turned < PAGES_MAX; turned += 1) {
    const link = page.locator(`[data-selection-rows] a[href*="${traceId}"]`);
    if ((await link.count()) > 0) return link.first();
    const place = await page.locator(selection.place).innerText();
    await page.locator(selection.next).click();
    await until('the next page of the list', async () => (await page.locator(selection.place).innerText()) !== place);
  }
  assert.fail(`no row leads to ${traceId}`);
}

/**
 * The first of some transactions whose trace ran a statement, with the span of the statement.
 *
 * @param {any[]} items
 * @returns {Promise<{ item: any, span: string, sql: string }>}
 */
async function withSql(items) {
  for (const item of items.slice(0, 100)) {
    const { spans } = await demo().get(`traces/${item.trace_id}`);
    for (const { span_id: span, attributes } of spans) {
      const sql = attributes['db.query.text'] ?? attributes['db.statement'];
      if (sql) return { item, span, sql };
    }
  }
  assert.fail('none of the dragged transactions ran a statement');
}

/** @param {string} text */
function squeezed(text) {
  return text.replace(/\s+/g, ' ').trim();
}
