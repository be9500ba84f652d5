// The help on a number is one press away: by pointer, keyboard and touch, and without a script. It
// stays open while the page updates itself.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { demo, openPage } from './fixture.mjs';
import { everyPage } from './pages.mjs';

const TIMEOUT_MS = 120_000;
const OPEN = '[popover]:popover-open';

describe('help', () => {
  test('every button has its text, on every page that has numbers', { timeout: TIMEOUT_MS }, async (t) => {
    const { places } = await everyPage(demo());
    const { page, watch } = await openPage(t, { language: 'ja' });
    const expected = ['board', 'service', 'hitmap', 'transactions', 'statistics-operations', 'partners', 'partner', 'map', 'trace', 'search', 'deployment', 'statement'];
    for (const { name, path } of places.filter((place) => expected.includes(place.name))) {
      await page.goto(path);
      const buttons = await page.locator('.help').evaluateAll((all) => all.map((button) => button.getAttribute('popovertarget') ?? ''));
      assert.ok(buttons.length > 0, `${name} says what it counts`);
      for (const id of new Set(buttons)) {
        const text = page.locator(`[id="${id}"]`);
        assert.equal(await text.count(), 1, `${name} has ${id} once`);
        assert.ok(((await text.textContent()) ?? '').trim().length > 40, `${id} says something`);
      }
    }
    watch.assertQuiet();
  });

  test('opens by keyboard, explains the patterns, and Escape leads back', { timeout: TIMEOUT_MS }, async (t) => {
    const { page, watch } = await openPage(t);
    await page.goto('/hitmap');
    const button = page.locator('[popovertarget="help-hitmap"]');
    await button.focus();
    await page.keyboard.press('Enter');
    assert.match(await page.locator(OPEN).innerText(), /succeeded and took 1 s or longer/);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const shape = page.locator('#help-shape-vertical');
    await shape.waitFor();
    assert.match(await shape.innerText(), /Appearance[\s\S]+Usual cause[\s\S]+Check next/);
    assert.ok((await shape.locator('svg rect').count()) > 30, 'it is drawn');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    assert.equal(await page.locator(OPEN).count(), 0);
    assert.ok(await button.evaluate((element) => element === document.activeElement), 'the focus is back');
    watch.assertQuiet();
  });

  test('by finger on a phone, inside the screen', { timeout: TIMEOUT_MS }, async (t) => {
    const { page, watch } = await openPage(t, { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true });
    await page.goto('/');
    await page.locator('[popovertarget="help-board"]').tap();
    const box = await page.locator(OPEN).boundingBox();
    assert.ok(box && box.x >= 0 && box.x + box.width <= 390 && box.y + box.height <= 800, JSON.stringify(box));
    watch.assertQuiet();
  });

  test('stays open while the board renews itself', { timeout: TIMEOUT_MS }, async (t) => {
    const { page, watch } = await openPage(t);
    await page.goto('/');
    const renewed = () => page.waitForResponse((response) => response.request().resourceType() === 'fetch' && new URL(response.url()).pathname === '/');
    await renewed();
    await page.locator('[popovertarget="help-board"]').click();
    await page.locator(OPEN).waitFor();
    const clock = page.locator('[data-live-clock]');
    const before = await clock.innerText();
    await page.waitForFunction((text) => document.querySelector('[data-live-clock]')?.textContent !== text, before);
    assert.equal(await page.locator(OPEN).count(), 1);
    const again = renewed();
    await page.keyboard.press('Escape');
    await again;
    watch.assertQuiet();
  });

  test('works without a script', { timeout: TIMEOUT_MS }, async (t) => {
    const { page } = await openPage(t, { javaScriptEnabled: false });
    await page.goto('/map?from=now-15m');
    await page.locator('[popovertarget="help-map"]').click();
    assert.ok(await page.locator('#help-map').isVisible());
  });
});
