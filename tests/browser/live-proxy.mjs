// A proxy for a server. The test plays its live stream: minutes of it in seconds.
import { createServer, request } from 'node:http';

/** The same as the server's live columns and live window. */
const COLUMN_MS = 5_000;
const WINDOW_MS = 600_000;

/** Plays the live stream. Everything else comes from the real server. */
export class LiveProxy {
  #server;
  /** @type {Set<{ response: import('node:http').ServerResponse, cells: boolean }>} */ #readers = new Set();
  #upstream;
  #service;
  /** Transactions of each column. @type {Map<number, number>} */ #columns = new Map();
  /** Streams that were ever opened. */ opened = 0;

  /**
   * @param {string} upstream The real server
   * @param {string} service Whose columns the deltas are
   * @param {number} nowMs When the stream begins; its window is full by then
   */
  constructor(upstream, service, nowMs) {
    this.#upstream = new URL(upstream);
    this.#service = service;
    this.nowMs = nowMs - WINDOW_MS;
    while (this.nowMs < nowMs) this.tick();
    this.#server = createServer((incoming, response) => {
      const url = new URL(incoming.url ?? '/', upstream);
      if (url.pathname === '/api/v1/live') this.#open(url, response);
      else this.#forward(incoming, response);
    });
  }

  /** @returns {Promise<string>} Its URL */
  listen() {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
        resolve(`http://127.0.0.1:${port}`);
      });
    });
  }

  /** Streams that are open. */
  get readers() {
    return this.#readers.size;
  }

  /** How many transactions the live window holds. */
  get total() {
    return [...this.#columns.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Advances by a second: the newest column has grown, or a new one has begun. */
  tick() {
    this.nowMs += 1000;
    const newest = column(this.nowMs);
    this.#columns.set(newest, (this.#columns.get(newest) ?? -2) + 3);
    for (const start of this.#columns.keys()) {
      if (start <= newest - WINDOW_MS) this.#columns.delete(start);
    }
    for (const { response, cells } of this.#readers) send(response, 'delta', this.#event(cells, [newest]));
  }

  /** Ends every stream and stops. */
  async close() {
    for (const { response } of this.#readers) response.end();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** @param {URL} url @param {import('node:http').ServerResponse} response */
  #open(url, response) {
    const cells = url.searchParams.has('service') || url.searchParams.has('view');
    const reader = { response, cells };
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    this.#readers.add(reader);
    this.opened += 1;
    response.on('close', () => this.#readers.delete(reader));
    send(response, 'snapshot', this.#event(cells, [...this.#columns.keys()]));
  }

  /**
   * @param {boolean} cells Of one hitmap, or points of every service
   * @param {number[]} starts Of the columns that it tells
   */
  #event(cells, starts) {
    const head = { now_ms: this.nowMs, column_ms: COLUMN_MS };
    const columns = starts.map((start_ms) => {
      const count = this.#columns.get(start_ms) ?? 0;
      const slow = Math.floor(count / 5);
      const ok = count - slow;
      const point = { start_ms, ok, slow, error: 0, p50_ms: 20, p95_ms: 90, p99_ms: 1500 };
      const rows = [[40, ok, 0, 0], [60, 0, slow, 0]].filter(([, ...counts]) => counts.some(Boolean));
      return cells ? { ...point, cells: rows } : point;
    });
    if (cells) return { ...head, slow_ms: 1000, columns };
    return { ...head, services: [{ service: this.#service, namespace: '', environment: '', columns }] };
  }

  /**
   * @param {import('node:http').IncomingMessage} incoming
   * @param {import('node:http').ServerResponse} response
   */
  #forward(incoming, response) {
    const { hostname, port } = this.#upstream;
    const headers = { ...incoming.headers, host: this.#upstream.host };
    const forwarded = request({ hostname, port, path: incoming.url, method: incoming.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    incoming.pipe(forwarded);
  }
}

/** @param {number} ms */
function column(ms) {
  return Math.floor(ms / COLUMN_MS) * COLUMN_MS;
}

/** @param {import('node:http').ServerResponse} response @param {string} event @param {object} data */
function send(response, event, data) {
  response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
