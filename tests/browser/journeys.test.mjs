// The product's main journeys, end to end. Each covers what the other tests of its parts leave open:
//
// 1 First five minutes: from /add to a dashboard with data (onboarding.test.mjs covers the settings to paste).
//   There is no sign-in and no key yet.
// 2 After a deployment: the marker appears by itself; before and after; what got worse is on top.
// 3 Hitmap to SQL: what a named pattern selects, its differences, the trace, and a link for a colleague
//   (journey.test.mjs counts the drag and compares the SQL).
// 4 Which partner is slow: compared with last week (partners.test.mjs covers the verdict). No alert yet.
// 5 Which service is fine and which is not: worst first, with the sentence. No SLO yet.
// 6 Sale day: the wall, and rates compared with yesterday. No forecast band and no headroom yet.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hitmap, numberIn, selection, trace, waitForStream } from './elements.mjs';
import { demo, openPage } from './fixture.mjs';
import { Hinomi } from '../support/hinomi.mjs';
import { KIND, newSpanId, newTraceId, traceRequest } from '../support/otlp.mjs';
import { until } from '../support/wait.mjs';

const TIMEOUT_MS = 120_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

describe('journey 1, the first five minutes', () => {
  test('the dashboard of a service that has just come is full', { timeout: TIMEOUT_MS }, async (t) => {
    const hinomi = await Hinomi.start('serve');
    t.after(() => hinomi.stop());
    const { page, watch } = await openPage(t, { baseURL: hinomi.url });
    await page.goto('/add');
    await page.locator('[data-copy-text]').first().waitFor();
    await hinomi.send(traceRequest({ 'service.name': 'shop', 'service.version': '1.0', 'service.instance.id': 'shop-1' }, orders(12)));
    const arrived = page.locator('[data-arrived] li', { hasText: 'shop' });
    await arrived.getByRole('link').click();
    await page.waitForURL('**/services/shop');
    await waitForStream(page, 'live');
    await until('all to be counted', async () => (await numberIn(page.locator(hitmap.total))) === 12);
    assert.equal(await numberIn(page.locator(hitmap.error)), 3);
    const charts = page.locator('[data-chart]:has(canvas)');
    const drawn = () => charts.evaluateAll((all) => all.map((chart) => chart.getAttribute('data-chart')));
    assert.deepEqual(await drawn(), ['rate', 'latency', 'errors', 'in-flight']);
    for (const [table, row] of [['operations', 'POST /orders'], ['statements', 'INSERT INTO orders'], ['externals', 'pay.example'], ['instances', 'shop-1'], ['errors', 'CardDeclined']]) {
      const rows = page.locator(`.table-${table} tbody tr`);
      assert.match((await rows.allInnerTexts()).join('\n'), new RegExp(row ?? ''), `${table} has ${row}`);
    }
    watch.assertQuiet();
  });
});

describe('journey 2, after a deploy', () => {
  test('a new version is marked by itself, and what got worse stands on top', { timeout: TIMEOUT_MS }, async (t) => {
    const service = 'journey-deploy';
    const now = Date.now();
    await send(service, '1.0', traffic(600, now - 9 * MINUTE_MS, now - 2 * MINUTE_MS, 20));
    const { page, watch } = await openPage(t);
    await page.goto(`/services/${service}`);
    await waitForStream(page, 'live');
    await until('the old version to be drawn', async () => (await numberIn(page.locator(hitmap.total))) === 600);
    const marker = page.locator('.label-deploy', { hasText: '2.0' });
    assert.equal(await marker.count(), 0);

    const list = await openPage(t);
    await list.page.goto(`/services/${service}/deployments?from=now-1h`);
    const rows = list.page.locator('.deploys tbody tr');
    assert.equal(await rows.count(), 0);

    await send(service, '2.0', traffic(300, now - 90_000, now - 1_000, 90));
    await rows.locator('.deploys-verdict', { hasText: /Worse.*p95/s }).waitFor();
    assert.match(await rows.first().innerText(), /2\.0\s+1\.0/);
    list.watch.assertQuiet();
    await marker.waitFor();
    await marker.click();
    await page.waitForURL(`**/services/${service}/deployments/2.0**`);
    assert.match(await page.locator('.deploy-verdict').innerText(), /Worse.*p95/s);
    const operations = page.locator('.deploy-operations tbody tr');
    assert.match(await operations.first().innerText(), /^POST \/pay/, 'the slower one stands first');
    assert.match(await operations.last().innerText(), /^GET \/cart/);
    assert.match(await page.locator('.deploy-metrics').innerText(), /Throughput[\s\S]*p95/i);
    watch.assertQuiet();
  });
});

describe('journey 3, hitmap to SQL', () => {
  test('a named pattern leads to what is different, to a trace, and a colleague sees the same', { timeout: TIMEOUT_MS }, async (t) => {
    const { page, context, watch } = await openPage(t);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto('/services/payment?from=now-15m');
    const timeout = page.locator('.label-horizontal button').first();
    await timeout.click();
    await page.locator(selection.panel).waitFor();
    await page.locator('.differences-list li').first().waitFor();
    const differences = await page.locator('.differences-list').first().innerText();
    assert.match(differences, /amberline|error|external/i);
    const counted = await numberIn(page.locator(selection.title));
    await page.locator(selection.copy).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());

    await page.locator(selection.links).first().click();
    await page.waitForURL('**/traces/**');
    await page.locator(trace.page).waitFor();
    assert.ok((await page.locator('.t-waterfall [data-row]').count()) > 3);
    watch.assertQuiet();

    const colleague = await openPage(t, { theme: 'light', language: 'ja' });
    await colleague.page.goto(copied);
    await colleague.page.locator(selection.panel).waitFor();
    await until('the same to be selected', async () => (await numberIn(colleague.page.locator(selection.title))) === counted, {
      seen: () => colleague.page.locator(selection.title).innerText(),
    });
    colleague.watch.assertQuiet();
  });
});

describe('journeys 4 to 6, beside another time', () => {
  test('a partner is slower than last week, rates are above yesterday’s, and the wall shows the worst first', { timeout: TIMEOUT_MS }, async (t) => {
    const hinomi = await Hinomi.start('serve');
    t.after(() => hinomi.stop());
    const now = Date.now();
    /** @param {number} endMs @param {number} count @param {number} durationMs */
    const calls = (endMs, count, durationMs) => hinomi.send(traceRequest({ 'service.name': 'till' }, orders(count, endMs, durationMs)));
    await calls(now - 7 * DAY_MS - 2 * MINUTE_MS, 80, 20);
    await calls(now - DAY_MS - 2 * MINUTE_MS, 80, 20);
    // What is usual is that of the hour of the day: right after a full hour, the calls above are not of it.
    await calls(now - DAY_MS + 4 * MINUTE_MS, 80, 20);
    await calls(now - 2 * MINUTE_MS, 160, 400);
    await hinomi.send(traceRequest({ 'service.name': 'calm' }, traffic(200, now - 4 * MINUTE_MS, now - 5_000, 8).map((span) => ({ ...span, name: 'GET /calm' }))));
    const { page, watch } = await openPage(t, { baseURL: hinomi.url });

    await page.goto('/partners?vs=last-week');
    const row = page.locator('.partners tbody tr', { hasText: 'pay.example' });
    assert.match(await row.innerText(), /\+\d/, 'slower than last week');
    assert.match(await page.locator('.verdict', { hasText: 'pay.example' }).innerText(), /p95/);

    await page.goto('/services/till/statistics/operations?vs=yesterday');
    assert.match(await page.locator('tbody tr', { hasText: 'POST /orders' }).innerText(), /\+100\s%/, 'twice the rate of yesterday');

    await page.goto('/?wall=125');
    assert.equal(await page.locator('.top').isVisible(), false, 'no chrome on the wall');
    const tiles = page.locator('[data-tile]');
    assert.match(await tiles.first().innerText(), /^till\s+Bad[\s\S]*p95 is .*, usually/, 'worst first, with its reason');
    assert.match(await tiles.last().innerText(), /^calm\s+OK/);
    watch.assertQuiet();
  });
});

/**
 * Orders that run a statement and call a partner; every fourth one is declined.
 *
 * @param {number} count
 * @returns {import('../support/otlp.mjs').SpanShape[]}
 */
function orders(count, endMs = Date.now(), durationMs = 20) {
  return Array.from({ length: count }, (_, n) => n).flatMap((n) => {
    const [traceId, spanId] = [newTraceId(), newSpanId()];
    const end = endMs - n * 100;
    const declined = n % 4 === 0;
    /** @type {Pick<import('../support/otlp.mjs').SpanShape, 'error' | 'events'>} */
    const failure = declined ? { error: 'declined', events: [{ name: 'exception', attributes: { 'exception.type': 'CardDeclined', 'exception.message': 'no' } }] } : {};
    /** @type {import('../support/otlp.mjs').SpanShape[]} */
    const spans = [
      { traceId, spanId, name: 'POST /orders', kind: KIND.server, endMs: end, durationMs: durationMs + 10, attributes: { 'http.request.method': 'POST', 'http.route': '/orders', 'http.response.status_code': declined ? 500 : 201 }, ...failure },
      { traceId, parentSpanId: spanId, name: 'INSERT', kind: KIND.client, endMs: end - 2, durationMs: 3, attributes: { 'db.system.name': 'postgresql', 'db.namespace': 'shop', 'server.address': 'pg', 'db.query.text': 'INSERT INTO orders (id) VALUES (1)' } },
      { traceId, parentSpanId: spanId, name: 'POST', kind: KIND.client, endMs: end - 5, durationMs, attributes: { 'http.request.method': 'POST', 'url.full': 'https://pay.example/charge', 'server.address': 'pay.example', 'http.response.status_code': declined ? 503 : 200 } },
    ];
    return spans;
  });
}

/**
 * Two alternating operations over a stretch of time. One of them takes `durationMs`.
 *
 * @param {number} count @param {number} fromMs @param {number} toMs @param {number} durationMs
 */
function traffic(count, fromMs, toMs, durationMs) {
  return Array.from({ length: count }, (_, n) => ({
    name: n % 2 ? 'POST /pay' : 'GET /cart',
    endMs: fromMs + ((toMs - fromMs) * n) / count,
    durationMs: n % 2 ? durationMs + (n % 7) : 5 + (n % 3),
  }));
}

/** @param {string} service @param {string} version @param {import('../support/otlp.mjs').SpanShape[]} spans */
async function send(service, version, spans) {
  await demo().send(traceRequest({ 'service.name': service, 'service.version': version }, spans));
}
