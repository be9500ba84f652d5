// Compares a service with yesterday and with its usual values, shows transactions in flight, and
// finds services on the board by team, name and verdict.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openPage } from './fixture.mjs';
import { Hinomi } from '../support/hinomi.mjs';
import { traceRequest } from '../support/otlp.mjs';
import { until } from '../support/wait.mjs';

const TIMEOUT_MS = 120_000;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** @type {Hinomi | undefined} */ let server;

before(async () => {
  server = await Hinomi.start('serve');
  const now = Date.now();
  // Also four days before, and some minutes past the time of the test: 2 a second on those days, 1
  // a second today.
  for (let day = 4; day >= 1; day -= 1) {
    for (const later of [0, 10]) await send('shop', { team: 'sales' }, now - day * DAY_MS + later * MINUTE_MS, 2);
  }
  await send('shop', { team: 'sales' }, now, 1);
  await send('ledger', { team: 'books' }, now, 1, 'no money');
  await send('vault', { team: 'books' }, now, 1);
});

after(() => server?.stop());

/**
 * Sends ten minutes of transactions that end at an instant.
 *
 * @param {string} service @param {Record<string, string>} labels @param {number} endMs
 * @param {number} perSecond @param {string} [error]
 */
async function send(service, labels, endMs, perSecond, error) {
  const spans = Array.from({ length: 600 * perSecond }, (_, index) => ({
    name: 'GET /', endMs: endMs - (index * 1000) / perSecond, durationMs: 40,
    // Failures at the same rate as always are usual and give no verdict.
    ...(error && index < 240 ? { error } : {}),
  }));
  const wait = { name: 'GET /', endMs: endMs - MINUTE_MS, durationMs: 5 * MINUTE_MS };
  await server?.send(traceRequest({ 'service.name': service, ...labels }, [...spans, wait]));
}

describe('beside', () => {
  const options = () => ({ baseURL: server?.url ?? '' });

  test('charts are held against yesterday and what is usual, from page to page', { timeout: TIMEOUT_MS }, async (t) => {
    const { page, watch } = await openPage(t, options());
    await page.goto('/services/shop');
    await page.getByRole('link', { name: 'Yesterday' }).click();
    assert.equal(new URL(page.url()).searchParams.get('vs'), 'yesterday');
    const beside = page.locator('[data-beside="rate"]');
    await until('yesterday to be told beside the rate', async () => /^(1\.9|2)/.test(await beside.innerText()), {
      seen: () => beside.innerText(),
    });
    const chart = page.locator('[data-chart="rate"]');
    const tip = chart.locator('.chart-tip');
    await chart.focus();
    for (let step = 0; step < 5; step += 1) await page.keyboard.press('ArrowLeft');
    const told = await tip.innerText();
    assert.match(told, /Yesterday/);
    assert.match(told, /−\d+\s%/, 'the difference is told');
    await page.keyboard.press('Escape');
    assert.equal(await tip.isVisible(), false);

    await page.getByRole('link', { name: 'Statistics' }).last().click();
    assert.equal(new URL(page.url()).searchParams.get('vs'), 'yesterday', 'the choice goes along');
    await page.goBack();
    await page.getByRole('link', { name: 'Usual', exact: true }).click();
    await page.getByText('same time of day on 4 earlier days').waitFor();
    await until('the band to be told', async () => /2\/s$/.test(await beside.innerText()), { seen: () => beside.innerText() });
    await chart.hover({ position: { x: 150, y: 40 } });
    assert.match(await tip.innerText(), /usual/);

    await page.goto('/services/vault?vs=usual');
    await page.getByText('No usual range yet').waitFor();
    watch.assertQuiet();
  });

  test('a statistic beside a time that is usual on charts shows its own', { timeout: TIMEOUT_MS }, async (t) => {
    const { page, watch } = await openPage(t, options());
    await page.goto('/services/shop/statistics/operations?vs=usual');
    await page.locator('.versus [aria-current]').getByText('Yesterday').waitFor();
    await page.goto('/services/shop/operation?operation=GET%20%2F&vs=usual');
    await page.locator('[data-chart="latency"] canvas').waitFor();
    watch.assertQuiet();
  });

  test('what runs at once is counted, and of late by age', { timeout: TIMEOUT_MS }, async (t) => {
    const now = Date.now();
    // It ran for twelve seconds until now, so ten seconds ago it was two seconds old.
    await server?.send(traceRequest({ 'service.name': 'slow-one' }, [{ name: 'GET /', endMs: now, durationMs: 12_000 }]));
    const answer = await server?.get('in-flight', { service: 'shop' });
    assert.equal(answer.exact, true);
    const most = Math.max(...answer.points.map((/** @type {{ max: number }} */ point) => point.max));
    assert.equal(most, 2, 'the one that waits and one of the others');
    const { page, watch } = await openPage(t, options());
    await page.goto('/services/slow-one');
    await page.locator('[data-chart="in-flight"] canvas').waitFor();
    await page.getByText('Requests that are still running are not counted yet').waitFor();
    assert.equal(await page.locator('[data-age-count]').count(), 4);
    watch.assertQuiet();
  });

  test('the board is grouped by team and filtered by name and verdict', { timeout: TIMEOUT_MS }, async (t) => {
    const { page, watch } = await openPage(t, options());
    await page.goto('/');
    await page.getByRole('link', { name: 'Team' }).click();
    await page.getByRole('heading', { name: 'books' }).waitFor();
    const tiles = page.locator('[data-tile]');
    const filter = page.getByRole('searchbox', { name: 'Service name contains' });
    await filter.fill('vau');
    await until('one tile to be left', async () => (await tiles.count()) === 1);
    assert.equal(new URL(page.url()).searchParams.get('q'), 'vau');
    assert.equal(new URL(page.url()).searchParams.get('group'), 'team');
    assert.equal(await filter.evaluate((element) => element === document.activeElement), true, 'typing goes on');
    await filter.fill('');
    await until('all to be back', async () => (await tiles.count()) >= 3);
    await page.getByRole('link', { name: /bad$/ }).click();
    await until('the failing one to be left', async () => (await tiles.count()) === 1);
    await page.getByRole('link', { name: 'ledger' }).waitFor();
    await filter.fill('nothing like it');
    await page.getByText('No service matches').waitFor();
    watch.assertQuiet();
  });
});
