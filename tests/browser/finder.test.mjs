// The search box: services, orders and traces, by keyboard, from pasted text, and earlier searches.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { finder } from './elements.mjs';
import { demo, openPage } from './fixture.mjs';
import { newTraceId, traceRequest } from '../support/otlp.mjs';
import { until } from '../support/wait.mjs';

const TIMEOUT_MS = 60_000;

describe('the search box', () => {
  test('offers services by arrow keys, and what was asked before', { timeout: TIMEOUT_MS }, async (t) => {
    const { page, watch } = await openPage(t);
    await page.goto('/partners?from=now-1h');
    await page.keyboard.press('/');
    await page.keyboard.type('PAY');
    await page.locator(finder.offers, { hasText: 'payment' }).waitFor();
    assert.equal(await page.locator(finder.input).getAttribute('aria-expanded'), 'true');
    await page.keyboard.press('ArrowDown');
    const chosen = page.locator(`${finder.offers}[aria-selected="true"]`);
    assert.match(await chosen.innerText(), /^payment/);
    assert.equal(await page.locator(finder.input).getAttribute('aria-activedescendant'), await chosen.getAttribute('id'));
    await page.keyboard.press('Enter');
    await page.waitForURL('**/services/payment?**');
    assert.equal(new URL(page.url()).searchParams.get('from'), 'now-1h', 'the range goes along');

    await page.keyboard.press('/');
    await page.keyboard.press('ArrowUp');
    assert.match(await page.locator(`${finder.offers}[aria-selected="true"]`).innerText(), /Forget/);
    assert.match(await page.locator(finder.offers).first().innerText(), /^payment/);
    await page.keyboard.press('Enter');
    await page.locator(finder.list).waitFor({ state: 'hidden' });
    await page.keyboard.type('x');
    await page.keyboard.press('Escape');
    assert.equal(await page.locator(finder.list).isVisible(), false);
    assert.ok(await page.locator(finder.input).evaluate((input) => input === document.activeElement), 'the first Escape closes the list');
    await page.keyboard.press('Escape');
    assert.ok(await page.locator(finder.input).evaluate((input) => input !== document.activeElement), 'the second leaves');
    watch.assertQuiet();
  });

  test('a pasted trace id, header or log line leads to the trace', { timeout: TIMEOUT_MS }, async (t) => {
    const traceId = newTraceId();
    await send('finder-trace', { traceId });
    const { page, watch } = await openPage(t);
    for (const text of [` ${traceId} `, `"${traceId}",`, `traceparent: 00-${traceId}-00f067aa0ba902b7-01`]) {
      await page.goto('/');
      await page.locator(finder.input).fill(text);
      await page.keyboard.press('Enter');
      await page.waitForURL(`**/traces/${traceId}`);
    }
    watch.assertQuiet();
  });

  test('an order by its bare number, and a part of several names', { timeout: TIMEOUT_MS }, async (t) => {
    await send('finder-order', { attributes: { 'order.id': 'A 77-901' } });
    const { page, watch } = await openPage(t);
    await page.goto('/');
    await page.locator(finder.input).fill('"A 77-901"');
    await page.keyboard.press('Enter');
    await until('one row', async () => (await page.locator('[data-search-rows] tr').count()) === 1);

    await page.locator(finder.input).fill('pay');
    await page.keyboard.press('Enter');
    await page.locator('.search-services a', { hasText: 'payout' }).click();
    await page.waitForURL('**/services/payout');
    watch.assertQuiet();
  });
});

/** @param {string} service @param {object} shape */
async function send(service, shape) {
  await demo().send(traceRequest({ 'service.name': service }, [{ name: 'POST /orders', endMs: Date.now(), durationMs: 20, ...shape }]));
}
