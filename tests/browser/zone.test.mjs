// The time zone: right on the first page that a fresh browser opens, in what the server wrote and in
// what scripts draw.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { demo, openPage } from './fixture.mjs';
import { everyPage } from './pages.mjs';

const TIMEOUT_MS = 60_000;

/** @type {string} */
let service;

/** @param {number} at @param {string} timeZone */
function clock(at, timeZone) {
  return new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(at);
}

describe('the time zone of a fresh browser', () => {
  before(async () => {
    ({ service } = await everyPage(demo()));
  });

  for (const zone of ['Asia/Seoul', 'Asia/Kolkata', 'America/St_Johns']) {
    test(`${zone} is on the first page, as the server writes it`, { timeout: TIMEOUT_MS }, async (t) => {
      const { page, context, watch } = await openPage(t, { timezoneId: zone });
      await context.clearCookies({ name: 'hm_tz' });
      await page.goto(`/transactions?service=${encodeURIComponent(service)}`);
      // Chromium has other names for some zones: Asia/Calcutta.
      const name = await page.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone);
      await page.waitForFunction((name) => document.documentElement.dataset['zone'] === name, name);
      assert.equal(await page.locator('html').getAttribute('data-zone-guessed'), null, 'the server knows the zone');
      const times = page.locator('main time[data-clock]');
      await times.first().waitFor();
      for (const time of (await times.all()).slice(0, 5)) {
        const at = Date.parse((await time.getAttribute('datetime')) ?? '');
        assert.ok((await time.innerText()).includes(clock(at, zone)), `${await time.innerText()} at ${at} in ${zone}`);
      }
      const html = await (await page.request.get(page.url())).text();
      assert.ok(html.includes(`data-zone="${name}"`), 'also before any script runs');
      watch.assertQuiet();
    });
  }

  test('the day on which clocks change has its hour twice', { timeout: TIMEOUT_MS }, async (t) => {
    const zone = 'Europe/Berlin';
    const { page, context, watch } = await openPage(t, { timezoneId: zone });
    await context.clearCookies({ name: 'hm_tz' });
    const [from, to] = [Date.parse('2026-10-25T00:30:00Z'), Date.parse('2026-10-25T01:30:00Z')];
    await page.goto(`/services/${encodeURIComponent(service)}?from=${from}&to=${to}`);
    await page.waitForFunction((zone) => document.documentElement.dataset['zone'] === zone, zone);
    const form = page.locator('form', { has: page.locator('input[name="from"][required]') });
    const ends = await form.locator('input[required]').evaluateAll((all) => all.map((one) => /** @type {HTMLInputElement} */ (one).value));
    assert.equal(ends.length, 2);
    assert.ok(ends.every((end) => end.includes('02:30')), `both ends read 02:30: ${ends}`);
    watch.assertQuiet();
  });

  test('a browser that keeps no cookies has its own times, too', { timeout: TIMEOUT_MS }, async (t) => {
    const zone = 'Asia/Seoul';
    const { page, context } = await openPage(t, { timezoneId: zone });
    await context.clearCookies({ name: 'hm_tz' });
    await context.addInitScript(() => Object.defineProperty(Document.prototype, 'cookie', { get: () => '', set: () => {} }));
    await page.goto(`/transactions?service=${encodeURIComponent(service)}`);
    await page.waitForFunction((zone) => document.documentElement.dataset['zone'] === zone, zone);
    const time = page.locator('main time[data-clock]').first();
    const at = Date.parse((await time.getAttribute('datetime')) ?? '');
    assert.ok((await time.innerText()).includes(clock(at, zone)));
  });
});
