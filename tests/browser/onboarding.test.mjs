// Journey 1, the first five minutes: an empty server, the settings to paste, and the first span,
// which appears without a reload.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openPage } from './fixture.mjs';
import { Hinomi } from '../support/hinomi.mjs';
import { traceRequest } from '../support/otlp.mjs';
import { until } from '../support/wait.mjs';

const TIMEOUT_MS = 120_000;

describe('onboarding', () => {
  test('an empty server leads to lines that work, and says when they did', { timeout: TIMEOUT_MS }, async (t) => {
    const hinomi = await Hinomi.start('serve');
    t.after(() => hinomi.stop());
    const { page, watch } = await openPage(t, { baseURL: hinomi.url });
    await page.goto('/');
    await page.locator('[data-board-empty] a[href="/add"]').click();
    await page.waitForURL('**/add');

    await page.getByRole('link', { name: 'Node.js' }).click();
    await page.locator('#add-name').fill('order-api');
    await page.locator('.add-name button').click();
    const lines = await page.locator('[data-copy-text]').innerText();
    const setting = (/** @type {string} */ name) => new RegExp(`^export ${name}=(.*)$`, 'm').exec(lines)?.[1] ?? '';
    assert.equal(setting('OTEL_SERVICE_NAME'), 'order-api');
    assert.equal(setting('OTEL_EXPORTER_OTLP_ENDPOINT'), hinomi.otlpHttpUrl, 'the address is this server’s own');

    assert.equal(await page.locator('[data-arrived] li').count(), 0);
    await hinomi.send(traceRequest({ 'service.name': 'order-api' }, [{ name: 'GET /orders', endMs: Date.now(), durationMs: 30 }]));
    const arrived = page.locator('[data-arrived] li', { hasText: 'order-api' });
    await arrived.waitFor();
    await arrived.getByRole('link').click();
    await page.waitForURL('**/services/order-api');
    await until('its dashboard to have the operation', async () => (await page.locator('main').innerText()).includes('GET /orders'));
    watch.assertQuiet();
  });

  test('a service that is known already is not announced', { timeout: TIMEOUT_MS }, async (t) => {
    const hinomi = await Hinomi.start('serve');
    t.after(() => hinomi.stop());
    const send = (/** @type {string} */ name) =>
      hinomi.send(traceRequest({ 'service.name': name }, [{ name: 'GET /', endMs: Date.now(), durationMs: 5 }]));
    await send('old');
    const { page, watch } = await openPage(t, { baseURL: hinomi.url });
    await until('the server to list it', async () => (await hinomi.get('services')).items.length === 1);
    await page.goto('/add');
    await send('old');
    await send('new');
    await page.locator('[data-arrived] li', { hasText: 'new' }).waitFor();
    assert.deepEqual(await page.locator('[data-arrived] li b').allInnerTexts(), ['new']);
    watch.assertQuiet();
  });

  test('a demo is there at once, says how far its history is, and shows it when it is filled in', { timeout: TIMEOUT_MS }, async (t) => {
    const hinomi = await Hinomi.startOnly('demo', '--history', '2h');
    t.after(() => hinomi.stop());
    const { page, watch } = await openPage(t, { baseURL: hinomi.url });
    await page.goto('/map');
    const bar = page.locator('[data-demo-history] progress');
    await bar.waitFor();
    const first = Number(await bar.getAttribute('value'));
    await until('the bar to move', async () => Number(await bar.evaluate((element) => /** @type {HTMLProgressElement} */ (element).value)) > first);
    assert.equal(await page.locator('[data-demo-history]').count(), 1);

    await hinomi.filled();
    await page.locator('[data-demo-history]').waitFor({ state: 'detached' });
    await until('the map to have the services', async () => (await page.locator('main').innerText()).includes('checkout'));
    watch.assertQuiet();
  });
});
