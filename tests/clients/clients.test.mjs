// Real OpenTelemetry clients against the real server and a real PostgreSQL.
//
// For every protocol that the official Python and Node.js packages support: N requests give N
// transactions on the hitmap and N in the list of the drag; the SQL is readable; an exception has
// its stack trace; a trace spans both services.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Hinomi, sum, sumCells } from '../support/hinomi.mjs';
import { startPostgres } from '../support/postgres.mjs';
import { until } from '../support/wait.mjs';
import { startNode, startPython } from './applications.mjs';

/** Number of requests to each application, by kind. */
const ORDERS = 20;
const CHAINS = 5;
const SLOW = 3;
const FAILURES = 4;
/** How long a slow request sleeps in the database: clearly longer than any quick one. */
const SLEEP_MS = 700;
/** How long a request hangs: several metric exports. */
const HANG_MS = 4000;
/** A duration between the quick and the slow requests. The drag begins at the row edge below it. */
const DRAG_FROM_MS = 500;
/** Timeout for the arrival of data: far more than an export (500 ms) on a busy machine. */
const ARRIVAL_MS = 30_000;

const SCHEMA = `
  CREATE TABLE orders (id bigint PRIMARY KEY, item text NOT NULL, amount bigint NOT NULL);
  INSERT INTO orders SELECT n, 'item ' || n, n * 100 FROM generate_series(1, 100) n;
`;

/** How each language's agent names the operations, and which attribute has its SQL. */
const PYTHON = {
  orders: 'GET /orders/{order_id}',
  chain: 'GET /chain/{order_id}',
  slow: 'GET /slow/{milliseconds}',
  fail: 'GET /fail',
  sql: 'SELECT id, item, amount FROM orders WHERE id = %s',
  exception: 'ValueError',
  frame: 'check_ledger',
  error: 'ValueError',
};
const NODE = {
  orders: 'GET /orders/:id',
  chain: 'GET /chain/:id',
  slow: 'GET /slow/:milliseconds',
  fail: 'GET /fail',
  sql: 'SELECT id, item, amount FROM orders WHERE id = $1',
  exception: 'RangeError',
  frame: 'checkLedger',
  // The agent records the exception on an inner span; the request's own error type is the status.
  error: '500',
};

/** @type {Awaited<ReturnType<typeof startPostgres>>} */
let postgres;
/** @type {Hinomi} */
let hinomi;

before(async () => {
  postgres = await startPostgres(SCHEMA);
  hinomi = await Hinomi.start('serve');
});

after(async () => {
  await hinomi?.stop();
  postgres?.stop();
});

/** @typedef {Omit<import('./applications.mjs').Export, 'endpoint'>} Protocol */
/** @type {{ title: string, python: Protocol, node: Protocol }[]} */
const RUNS = [
  { title: 'both over gRPC', python: { protocol: 'grpc' }, node: { protocol: 'grpc' } },
  {
    title: 'both over HTTP with protobuf',
    python: { protocol: 'http/protobuf' },
    node: { protocol: 'http/protobuf' },
  },
  {
    title: 'Node over HTTP with JSON, both compressed and with metrics and logs',
    python: { protocol: 'http/protobuf', compressed: true, allSignals: true },
    node: { protocol: 'http/json', compressed: true, allSignals: true },
  },
];

for (const [index, run] of RUNS.entries()) {
  describe(run.title, () => {
    const began = Date.now();
    /** @type {import('./applications.mjs').Application} */ let python;
    /** @type {import('./applications.mjs').Application} */ let node;
    const range = () => ({ from: began - 60_000, to: Date.now() + 60_000 });

    before(async () => {
      /** @param {Protocol} how */
      const endpoint = ({ protocol }) => (protocol === 'grpc' ? hinomi.otlpGrpcUrl : hinomi.otlpHttpUrl);
      [python, node] = await Promise.all([
        startPython(`python-${index}`, postgres.url, { ...run.python, endpoint: endpoint(run.python) }),
        startNode(`node-${index}`, postgres.url, { ...run.node, endpoint: endpoint(run.node) }),
      ]);
      await Promise.all([request(python, node.port), request(node, python.port)]);
    });

    after(async () => {
      await Promise.all([python?.stop(), node?.stop()]);
    });

    for (const [language, words, application] of /** @type {const} */ ([
      ['Python', PYTHON, () => python],
      ['Node', NODE, () => node],
    ])) {
      test(`${language}: every request is one transaction, on the hitmap and in the list`, async () => {
        const { service } = application();
        const made = new Map([
          // The other service's chain also requests an order from this one.
          [words.orders, ORDERS + CHAINS],
          [words.chain, CHAINS],
          [words.slow, SLOW],
          [words.fail, FAILURES],
        ]);
        for (const [operation, count] of made) {
          const hitmap = await until(
            `${count} transactions ${operation} of ${service}`,
            async () => {
              const answer = await hinomi.get('hitmap', { service, operation, ...range() });
              return sum(answer) >= count && answer;
            },
            { deadlineMs: ARRIVAL_MS, seen: () => hinomi.get('statistics/operations', { service, ...range() }) },
          );
          assert.equal(sum(hitmap), count, `${operation} on the hitmap`);
          assert.deepEqual(sumCells(hitmap), hitmap.total, 'the total is the sum of the cells');
          const { from_ms: from, to_ms: to } = hitmap;
          const list = await hinomi.transactions({ service, operation, from, to }, 7);
          assert.equal(list.total, count, `${operation}: the list's total`);
          assert.equal(new Set(list.items.map((item) => item.span_id)).size, count, `${operation}: listed once each`);
        }
        await assertDrillDown(service, range());
      });

      test(`${language}: the drag over the slow ones lists the slow ones`, async () => {
        const { service } = application();
        const hitmap = await hinomi.get('hitmap', { service, ...range() });
        const row = hitmap.row_edges_ms.findLastIndex((/** @type {number} */ edge) => edge <= DRAG_FROM_MS);
        const counted = sumCells(hitmap, (cell) => cell.row >= row);
        const { from_ms: from, to_ms: to } = hitmap;
        const list = await hinomi.transactions({ service, from, to, min_ms: hitmap.row_edges_ms[row] }, 2);
        assert.equal(list.items.length, counted.ok + counted.slow + counted.error);
        const slow = list.items.filter((item) => item.operation === words.slow);
        assert.equal(slow.length, SLOW);
        for (const item of slow) assert.ok(item.duration_ms >= SLEEP_MS, `${item.duration_ms} ms`);
      });

      test(`${language}: the SQL is readable in the trace and counted as a statement`, async () => {
        const { service } = application();
        const { spans } = await traceOf(service, words.orders, range());
        const statements = spans.map(sqlOf).filter(Boolean);
        assert.deepEqual(statements, [words.sql]);

        const { items } = await hinomi.get('statistics/statements', { service, ...range() });
        const select = items.filter((/** @type {any} */ item) => /from orders/i.test(item.key));
        assert.equal(select.length, 1, JSON.stringify(items));
        assert.match(select[0].key, /^select id, item, amount from orders where id = \S+$/i);
        assert.equal(select[0].count, ORDERS + CHAINS);
        const sleep = items.find((/** @type {any} */ item) => /pg_sleep/i.test(item.key));
        assert.equal(sleep?.count, SLOW, JSON.stringify(items));
        assert.ok(sleep.p50_ms >= SLEEP_MS, `the sleep's median is ${sleep.p50_ms} ms`);
      });

      test(`${language}: an exception shows with its type and stack`, async () => {
        const { service } = application();
        const { items } = await hinomi.transactions({ service, operation: words.fail, outcome: 'error', ...range() });
        assert.equal(items.length, FAILURES, 'every failure is an error');
        const trace = await hinomi.get(`traces/${items[0].trace_id}`);
        const exceptions = trace.spans.flatMap((/** @type {any} */ span) =>
          span.events.filter((/** @type {any} */ event) => event.name === 'exception'),
        );
        assert.ok(exceptions.length > 0, JSON.stringify(trace));
        const { attributes } = exceptions[0];
        assert.match(attributes['exception.type'], new RegExp(words.exception));
        assert.equal(attributes['exception.message'], 'the ledger is out of balance by -1');
        assert.match(attributes['exception.stacktrace'], new RegExp(words.frame));

        const errors = await hinomi.get('statistics/errors', { service, ...range() });
        const row = errors.items.find((/** @type {any} */ item) => item.key === words.error);
        assert.equal(row?.count, FAILURES, JSON.stringify(errors.items));
      });
    }

    test('a trace crosses both services, down to the SQL', async () => {
      for (const [from, to, words, there] of /** @type {const} */ ([
        [python, node, PYTHON, NODE],
        [node, python, NODE, PYTHON],
      ])) {
        const { spans, partial } = await traceOf(from.service, words.chain, range());
        assert.equal(partial, false);
        const entries = spans.filter((/** @type {any} */ span) => span.kind.toLowerCase() === 'server');
        assert.deepEqual(entries.map((/** @type {any} */ span) => span.service), [from.service, to.service]);
        assert.deepEqual(spans.map(sqlOf).filter(Boolean), [there.sql]);
        const byId = new Map(spans.map((/** @type {any} */ span) => [span.span_id, span]));
        const caller = byId.get(entries[1].parent_span_id);
        assert.equal(caller?.kind.toLowerCase(), 'client', 'the second service was called by the first');
      }
    });

    if (run.node.allSignals) {
      test('metrics and logs arrive beside the traces', async () => {
        for (const signal of ['metrics', 'logs']) {
          await until(`records of ${signal} in the server's own metrics`, async () => {
            const text = await (await fetch(`${hinomi.url}/metrics`)).text();
            const lines = text.split('\n').filter((line) => line.includes(`signal="${signal}"`));
            return lines.some((line) => Number(line.split(' ').at(-1)) > 0);
          });
        }
      });
    }

    if (run.python.allSignals) {
      // Runs last, because it makes one more transaction. Node's agent does not have this metric.
      test('a request that hangs is active as long as it does', async () => {
        const active = async () => (await hinomi.get('in-flight/now', { service: python.service })).active;
        const hanging = fetch(`http://127.0.0.1:${python.port}/slow/${HANG_MS}`);
        await until('the one that hangs to be told', async () => (await active())?.requests === 1, { seen: active });
        assert.equal((await active()).instances, 1);
        await (await hanging).arrayBuffer();
        await until('it to have ended', async () => (await active())?.requests === 0, { seen: active });
      });
    }

    test('the exporters complain of nothing', () => {
      for (const { program } of [python, node]) {
        assert.doesNotMatch(program.output, /(failed|error|exception).{0,40}export|export.{0,40}(failed|error)/i);
      }
    });
  });
}

/**
 * Sends an application its requests.
 *
 * @param {import('./applications.mjs').Application} application
 * @param {number} peerPort
 */
async function request(application, peerPort) {
  const paths = [
    ...Array.from({ length: ORDERS }, (_, n) => [`/orders/${n + 1}`, 200]),
    ...Array.from({ length: CHAINS }, (_, n) => [`/chain/${n + 1}?peer_port=${peerPort}`, 200]),
    ...Array.from({ length: SLOW }, () => [`/slow/${SLEEP_MS}`, 200]),
    ...Array.from({ length: FAILURES }, () => ['/fail', 500]),
  ];
  for (const [path, status] of paths) {
    const response = await fetch(`http://127.0.0.1:${application.port}${path}`);
    await response.arrayBuffer();
    assert.equal(response.status, status, `${application.service} ${path}\n${application.program.output}`);
  }
}

/**
 * The complete trace of one transaction. Polls until its last span has arrived.
 *
 * @param {string} service
 * @param {string} operation
 * @param {{ from: number, to: number }} range
 * @returns {Promise<any>}
 */
async function traceOf(service, operation, range) {
  const { items } = await hinomi.get('transactions', { service, operation, limit: 1, ...range });
  assert.equal(items.length, 1, `a transaction ${operation} of ${service}`);
  return until(
    `the whole trace ${items[0].trace_id} of ${operation}`,
    async () => {
      const trace = await hinomi.get(`traces/${items[0].trace_id}`);
      return !trace.partial && trace.spans.some(sqlOf) && trace;
    },
    { deadlineMs: ARRIVAL_MS },
  );
}

/**
 * The statement of a span, by the new or the old convention.
 *
 * @param {{ attributes: Record<string, unknown> }} span
 */
function sqlOf({ attributes }) {
  return attributes['db.query.text'] ?? attributes['db.statement'];
}

/**
 * Checks for a whole service that the hitmap and its list have the same numbers.
 *
 * @param {string} service
 * @param {{ from: number, to: number }} range
 */
async function assertDrillDown(service, range) {
  const hitmap = await hinomi.get('hitmap', { service, ...range });
  const list = await hinomi.transactions({ service, from: hitmap.from_ms, to: hitmap.to_ms }, 11);
  assert.equal(list.total, sum(hitmap));
  assert.equal(list.items.length, sum(hitmap));
}
