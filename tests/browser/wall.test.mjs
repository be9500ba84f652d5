// Wall mode: screens without menus, in rotation, and through a restart of the server.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openPage } from './fixture.mjs';
import { Hinomi } from '../support/hinomi.mjs';
import { traceRequest } from '../support/otlp.mjs';
import { until } from '../support/wait.mjs';

const TIMEOUT_MS = 120_000;

/** @param {import('playwright-core').Page} page */
const screens = (page) =>
  page.frames().slice(1).map((frame) => new URL(frame.url(), 'http://nowhere').pathname);

describe('the wall', () => {
  test('shows what was chosen, in turn, and survives a restart', { timeout: TIMEOUT_MS }, async (t) => {
    const hinomi = await Hinomi.start('serve');
    t.after(() => hinomi.stop());
    await hinomi.send(traceRequest({ 'service.name': 'walled' }, [{ name: 'GET /', endMs: Date.now(), durationMs: 5 }]));
    await until('the server to list it', async () => (await hinomi.get('services')).items.length === 1);
    const { page, watch } = await openPage(t, { baseURL: hinomi.url });
    await page.goto('/wall');
    await page.getByLabel('walled, hitmap').check();
    await page.getByLabel('Hitmap, all services').uncheck();
    await page.getByRole('button', { name: 'Start' }).click();
    await page.waitForURL('**/wall/play?**');

    const first = page.frameLocator('[data-screen]');
    await first.locator('[data-tile]').first().waitFor();
    assert.equal(await first.locator('.top').isVisible(), false, 'no chrome on the wall');
    assert.deepEqual(screens(page), ['/']);

    await page.keyboard.press('ArrowRight');
    await until('the next screen alone', () => screens(page).join() === '/services/walled/hitmap', { seen: () => screens(page).join() });
    await page.keyboard.press('ArrowRight');
    await until('the first again', () => screens(page).join() === '/', { seen: () => screens(page).join() });

    watch.expect(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
    await hinomi.pause();
    await page.keyboard.press('ArrowRight');
    await page.locator('[data-state]').waitFor({ state: 'visible' });
    assert.deepEqual(screens(page), ['/'], 'what was shown stays');
    await hinomi.startAgain();
    await page.locator('[data-state]').waitFor({ state: 'hidden', timeout: 30_000 });
    await until('the next screen', () => screens(page).join() === '/services/walled/hitmap', { seen: () => screens(page).join() });
    watch.assertQuiet();
  });
});
