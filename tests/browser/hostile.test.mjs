// Hostile strings in every field that an agent can fill: none of them runs.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { demo, openPage } from './fixture.mjs';
import { KIND, newSpanId, newTraceId, traceRequest } from '../support/otlp.mjs';
import { until } from '../support/wait.mjs';

const TIMEOUT_MS = 120_000;
/** Each of them sets `__pwned` or opens a dialog when it runs. */
const HOSTILE = [
  '<script>window.__pwned = 1; alert(1)</script>',
  '"><img src=x onerror="window.__pwned = 1; alert(1)">',
  `'"--></title></textarea></script></style><svg onload="window.__pwned=1">`,
  'javascript:window.__pwned=1',
  '{{constructor.constructor("window.__pwned=1")()}} ${window.__pwned=1} {% raw %}',
  '\u202Egnp.exe \u0000 \u001b[31mred\u001b[0m \uFEFF\u2028\u2029',
  '=HYPERLINK("http://example.invalid","x")',
  '../../../../etc/passwd?#%00',
];
const [SCRIPT] = HOSTILE;

describe('hostile strings', () => {
  for (const [index, hostile] of HOSTILE.entries()) {
    test(`run nothing: ${JSON.stringify(hostile).slice(0, 40)}`, { timeout: TIMEOUT_MS }, async (t) => {
      const { service, traceId, spanId } = await plant(hostile, index);
      const { page, watch } = await openPage(t);
      const name = encodeURIComponent(service);
      const paths = [
        '/',
        `/services/${name}`,
        `/services/${name}/hitmap`,
        `/services/${name}/transactions`,
        '/transactions',
        ...['operations', 'statements', 'externals', 'errors', 'instances'].map((kind) => `/services/${name}/statistics/${kind}`),
        '/statistics/statements',
        '/partners',
        `/partners/${encodeURIComponent(hostile)}`,
        '/map',
        `/traces/${traceId}`,
        ...['table', 'statements', 'calls', 'exceptions'].map((view) => `/traces/${traceId}?view=${view}`),
        `/traces/${traceId}?span=${spanId}`,
      ];
      for (const path of paths) {
        const response = await page.goto(path, { waitUntil: 'load' });
        assert.equal(response?.status(), 200, path);
        assert.equal(await page.evaluate('typeof window.__pwned'), 'undefined', `${path} ran it`);
        watch.assertQuiet();
      }
    });
  }

  test('are shown as the text that they are', { timeout: TIMEOUT_MS }, async (t) => {
    const { service, traceId } = await plant(SCRIPT, 100);
    const { page, watch } = await openPage(t);
    for (const path of [`/services/${encodeURIComponent(service)}`, `/traces/${traceId}`]) {
      await page.goto(path);
      await page.getByText(SCRIPT, { exact: false }).first().waitFor({ state: 'attached' });
    }
    watch.assertQuiet();
  });

  test('run nothing from the address either', { timeout: TIMEOUT_MS }, async (t) => {
    const { page, watch } = await openPage(t);
    watch.expect(/answer 40[04]|status of 40[04]/);
    const parameters = ['q', 'from', 'to', 'environment', 'operation', 'op', 'instance', 'version', 'outcome', 'sel', 'sel2', 'y', 'scale', 'view', 'sort', 'order', 'vs', 'vs_from', 'span', 'lang', 'cursor'];
    for (const hostile of HOSTILE) {
      const value = encodeURIComponent(hostile);
      for (const path of ['/', '/services/x', '/services/x/hitmap', '/hitmap', '/transactions', '/statistics/operations', '/partners', '/map', '/search', `/services/${value}`, `/traces/${value}`, `/${value}`]) {
        const query = parameters.map((parameter) => `${parameter}=${value}`).join('&');
        const response = await page.goto(`${path}?${query}`, { waitUntil: 'load' });
        assert.ok(response && response.status() < 500, `${path}: ${response?.status()}`);
        assert.equal(await page.evaluate('typeof window.__pwned'), 'undefined', `${path} ran ${hostile}`);
      }
    }
    watch.assertQuiet();
  });
});

/**
 * Sends a trace with `hostile` in every field, and waits until it is on the hitmap.
 *
 * @param {string} hostile
 * @param {number} number Keeps services apart
 */
async function plant(hostile, number) {
  const service = `hostile ${number} ${hostile}`;
  const [traceId, spanId] = [newTraceId(), newSpanId()];
  const began = Date.now();
  const span = { traceId, endMs: began, durationMs: 40, error: hostile };
  const exception = {
    name: 'exception',
    attributes: {
      'exception.type': hostile,
      'exception.message': hostile,
      'exception.stacktrace': `${hostile}\n  at ${hostile} (${hostile}:1:1)`,
    },
  };
  await demo().send(
    traceRequest(
      {
        'service.name': service,
        'service.namespace': hostile,
        'service.version': hostile,
        'service.instance.id': hostile,
        'deployment.environment.name': hostile,
        'host.name': hostile,
        'telemetry.sdk.language': hostile,
        [hostile]: hostile,
      },
      [
        {
          ...span,
          spanId,
          name: hostile,
          attributes: {
            'http.request.method': 'GET',
            'http.route': hostile,
            'url.path': hostile,
            'error.type': hostile,
            [hostile]: hostile,
          },
          events: [exception, { name: hostile, attributes: { [hostile]: hostile } }],
        },
        {
          ...span,
          name: hostile,
          parentSpanId: spanId,
          kind: KIND.client,
          attributes: {
            'db.system.name': 'postgresql',
            'db.namespace': hostile,
            'db.query.text': `SELECT '${hostile}'`,
            'db.query.parameter.0': hostile,
            'server.address': hostile,
          },
        },
        {
          ...span,
          name: hostile,
          parentSpanId: spanId,
          kind: KIND.client,
          attributes: { 'http.request.method': 'GET', 'url.full': hostile, 'server.address': hostile },
        },
        {
          ...span,
          name: hostile,
          parentSpanId: spanId,
          kind: KIND.producer,
          attributes: { 'messaging.system': 'kafka', 'messaging.destination.name': hostile },
        },
      ],
      hostile,
    ),
  );
  // The server may clean the name, so the service is found by its number.
  const kept = await until(`the service ${JSON.stringify(service)}`, async () => {
    const { items } = await demo().get('services', { from: began - 60_000, to: Date.now() + 60_000 });
    return items.find((/** @type {any} */ item) => item.service.startsWith(`hostile ${number} `));
  });
  return { service: kept.service, traceId, spanId };
}
