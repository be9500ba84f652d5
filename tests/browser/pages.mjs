// Every page, at URLs that have something to show in the running demo.
import assert from 'node:assert/strict';

/** The range of the pages: all of the demo's history. */
const RANGE_MS = 3_600_000;

/**
 * @typedef {object} Place
 * @property {string} name For messages and file names
 * @property {string} path
 * @property {number} [status] What it answers; 200 if nothing is said
 */

/**
 * Every page, with the busiest service and two traces for further use.
 *
 * @param {import('../support/hinomi.mjs').Hinomi} hinomi
 */
export async function everyPage(hinomi) {
  const to = Date.now();
  const range = { from: to - RANGE_MS, to };
  const { items: services } = await hinomi.get('services', range);
  const [busiest] = services.sort((/** @type {any} */ a, /** @type {any} */ b) => b.count - a.count);
  assert.ok(busiest?.count > 0, 'the demo has transactions');
  const service = encodeURIComponent(busiest.service);

  const failed = await anyTransaction(hinomi, { ...range, outcome: 'error' });
  const slowest = await traceWithSql(hinomi, range);
  const { items: deployments } = await hinomi.get('deployments', { from: to - 86_400_000, to });
  const [deployed] = deployments;
  assert.ok(deployed, 'the demo has a deployment');
  const ofDeployed = `/services/${encodeURIComponent(deployed.service)}/deployments`;
  /** @type {Place[]} */
  const places = [
    { name: 'board', path: '/' },
    { name: 'board-none-match', path: '/?q=no-such-service&group=none' },
    { name: 'service', path: `/services/${service}` },
    { name: 'service-hour', path: `/services/${service}?from=now-1h&to=now` },
    { name: 'service-yesterday', path: `/services/${service}?vs=yesterday` },
    { name: 'service-usual', path: `/services/${service}?vs=usual` },
    { name: 'hitmap', path: `/services/${service}/hitmap` },
    { name: 'hitmap-pair', path: `/services/${service}/hitmap?vs=yesterday&sel=${regionOf(to, 7)}&sel2=${regionOf(to, 4)}` },
    { name: 'hitmap-spent', path: `/services/${service}/hitmap?y=database&sel=${regionOf(to, 5)}` },
    { name: 'hitmap-all', path: '/hitmap' },
    { name: 'transactions', path: `/services/${service}/transactions` },
    { name: 'transactions-all', path: '/transactions' },
    ...['operations', 'statements', 'externals', 'errors', 'instances'].map((kind) => ({
      name: `statistics-${kind}`,
      path: `/services/${service}/statistics/${kind}`,
    })),
    { name: 'statistics-all', path: '/statistics/operations?from=now-1h&vs=none' },
    { name: 'statistics-none', path: '/statistics/statements?q=no-such-statement' },
    ...(await rowsOf(hinomi, busiest.service, range)),
    { name: 'partners', path: '/partners' },
    { name: 'partner', path: '/partners/api.amberline.example?from=now-15m' },
    { name: 'partner-silent', path: '/partners/nobody.example' },
    { name: 'map', path: '/map' },
    { name: 'map-empty', path: `/map?from=${to - 40 * 86_400_000}&to=${to - 39 * 86_400_000}` },
    { name: 'trace', path: `/traces/${slowest.trace_id}` },
    { name: 'trace-failed', path: `/traces/${failed.trace_id}` },
    ...['table', 'flame', 'statements', 'calls', 'exceptions'].map((view) => ({
      name: `trace-${view}`,
      path: `/traces/${failed.trace_id}?view=${view}`,
    })),
    { name: 'trace-compare', path: `/traces/${slowest.trace_id}/compare/${failed.trace_id}` },
    { name: 'trace-compare-usual', path: `/traces/${failed.trace_id}/compare` },
    { name: 'trace-compare-with', path: `/traces/${failed.trace_id}/compare?with=nonsense`, status: 400 },
    { name: 'wall', path: '/wall' },
    { name: 'wall-board', path: '/?wall=150' },
    { name: 'add', path: '/add' },
    { name: 'add-kubernetes', path: '/add?agent=kubernetes&name=order-api' },
    { name: 'search', path: `/search?q=${encodeURIComponent('db.system=postgresql')}` },
    { name: 'search-none', path: '/search?q=no-such-value&from=now-1h&to=now' },
    { name: 'search-nonsense', path: `/search?q=${encodeURIComponent('order.id="unclosed')}`, status: 400 },
    { name: 'empty', path: `/services/${service}?from=${to - 40 * 86_400_000}&to=${to - 39 * 86_400_000}` },
    { name: 'deployments', path: '/deployments' },
    { name: 'deployments-of-one', path: ofDeployed },
    { name: 'deployments-none', path: `/deployments?from=${to - 40 * 86_400_000}&to=${to - 39 * 86_400_000}` },
    { name: 'deployment', path: `${ofDeployed}/${encodeURIComponent(deployed.id)}` },
    { name: 'no-such-deployment', path: `${ofDeployed}/none`, status: 404 },
    { name: 'not-found', path: '/no/such/page', status: 404 },
    { name: 'no-such-trace', path: `/traces/${'0'.repeat(31)}1`, status: 404 },
  ];
  return { places, service: busiest.service, trace: slowest, failed };
}

/**
 * The pages of one row of a statistic.
 *
 * @param {import('../support/hinomi.mjs').Hinomi} hinomi
 * @param {string} service
 * @param {Record<string, number>} range
 * @returns {Promise<Place[]>}
 */
async function rowsOf(hinomi, service, range) {
  const base = `/services/${encodeURIComponent(service)}`;
  const operations = await hinomi.get('statistics/operations', { ...range, service });
  const instances = await hinomi.get('statistics/instances', { ...range, service });
  const statements = await hinomi.get('statistics/statements', { ...range, service: 'checkout' });
  const [operation, instance, statement] = [operations, instances, statements].map(({ items }) => items[0]);
  const { key, detail } = statement;
  return [
    { name: 'operation', path: `${base}/operation?${new URLSearchParams({ operation: operation.key })}` },
    { name: 'instance', path: `${base}/instance?${new URLSearchParams({ instance: instance.key })}` },
    { name: 'statement', path: `/services/checkout/statement?${new URLSearchParams({ statement: key, database: detail })}` },
    { name: 'operation-none', path: `${base}/operation`, status: 400 },
  ];
}

/**
 * @param {import('../support/hinomi.mjs').Hinomi} hinomi
 * @param {Record<string, string | number>} parameters
 */
async function anyTransaction(hinomi, parameters) {
  const { items } = await hinomi.get('transactions', { ...parameters, limit: 1 });
  assert.ok(items[0], `the demo has a transaction for ${JSON.stringify(parameters)}`);
  return items[0];
}

/**
 * A trace that ran a statement, with the span of the statement.
 *
 * @param {import('../support/hinomi.mjs').Hinomi} hinomi
 * @param {Record<string, number>} range
 * @returns {Promise<{ trace_id: string, span_id: string, sql: string }>}
 */
async function traceWithSql(hinomi, range) {
  const { items } = await hinomi.get('transactions', { ...range, limit: 50 });
  for (const { trace_id } of items) {
    const { spans } = await hinomi.get(`traces/${trace_id}`);
    for (const { span_id, attributes } of spans) {
      const sql = attributes['db.query.text'] ?? attributes['db.statement'];
      if (sql) return { trace_id, span_id, sql };
    }
  }
  assert.fail('none of the newest 50 transactions of the demo ran a statement');
}

/**
 * Two minutes of all durations, as the URL of a hitmap names them.
 *
 * @param {number} to
 * @param {number} minutesAgo When they end
 */
function regionOf(to, minutesAgo) {
  const end = Math.floor(to / 5_000) * 5_000 - minutesAgo * 60_000;
  return `${end - 120_000},${end},0,`;
}
