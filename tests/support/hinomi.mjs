// The server under test, started on free ports with its own folder, and a client of its JSON API.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program, freePorts } from './process.mjs';
import { until, within } from './wait.mjs';

/** A debug build on a busy machine starts well within this. */
const START_DEADLINE_MS = 60_000;
/**
 * Filling in a day of the demo's history takes a release build well under a minute, a debug build
 * longer.
 */
const FILL_DEADLINE_MS = 300_000;
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** The binary that `cargo xtask test` built, or the latest one that a developer built. */
export function binary() {
  const path = process.env.HINOMI_BINARY ?? join(ROOT, 'target/debug/hinomi');
  assert.ok(existsSync(path), `there is no ${path}; build it, or run \`cargo xtask test\``);
  return path;
}

/** A running server. It keeps its ports and its folder over `restart`. */
export class Hinomi {
  /** @type {Program | undefined} */ #program;
  #folder = mkdtempSync(join(tmpdir(), 'hinomi-test-'));
  /** @type {number[]} */ #ports = [];
  #arguments;

  /** @param {string[]} args The subcommand and its flags, without addresses and folder */
  constructor(args) {
    this.#arguments = args;
    process.on('exit', this.#removeFolder);
  }

  /**
   * Starts a server and waits until it is ready, and a demo until its history is filled in.
   *
   * @param {string[]} args For example `['serve']` or `['demo', '--seed', '7']`
   */
  static async start(...args) {
    const hinomi = await Hinomi.startOnly(...args);
    if (args[0] === 'demo') await hinomi.filled();
    return hinomi;
  }

  /**
   * Starts a server and waits until it is ready.
   *
   * @param {string[]} args As for `start`
   */
  static async startOnly(...args) {
    const hinomi = new Hinomi(args);
    hinomi.#ports = await freePorts(3);
    await hinomi.startAgain();
    return hinomi;
  }

  /** Waits until the history of a demo is filled in. */
  async filled() {
    await this.#program?.line(/^The history is filled in: /, FILL_DEADLINE_MS);
  }

  get url() {
    return `http://127.0.0.1:${this.#ports[0]}`;
  }

  get otlpGrpcUrl() {
    return `http://127.0.0.1:${this.#ports[1]}`;
  }

  get otlpHttpUrl() {
    return `http://127.0.0.1:${this.#ports[2]}`;
  }

  /** Folder of its data. */
  get folder() {
    return this.#folder;
  }

  /** Its latest output. */
  get output() {
    return this.#program?.output ?? '';
  }

  /** Starts it again on the same ports and folder, and waits until it is ready. */
  async startAgain() {
    const addresses = ['--http-addr', '--otlp-grpc-addr', '--otlp-http-addr'];
    const flags = addresses.flatMap((flag, index) => [flag, `127.0.0.1:${this.#ports[index]}`]);
    const args = [...this.#arguments, ...flags, '--data-dir', this.#folder];
    // The server refuses unknown HINOMI_ variables, and some of them tell the tests where the
    // server is.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HINOMI_')));
    const program = new Program('hinomi', binary(), args, { env });
    this.#program = program;
    const ready = until('the server to be ready', async () => (await fetch(`${this.url}/readyz`)).ok, {
      deadlineMs: START_DEADLINE_MS,
      seen: () => program.output,
    });
    const ended = program.ended.then((how) => {
      throw new Error(`the server ended (${how}) before it was ready\n${program.output}`);
    });
    ended.catch(() => {});
    await Promise.race([ready, ended]);
  }

  /**
   * Stops it and keeps its folder.
   *
   * @param {NodeJS.Signals} [signal]
   */
  async pause(signal = 'SIGTERM') {
    const how = await this.#program?.stop({ signal });
    if (signal === 'SIGTERM') assert.equal(how, 'exit code 0', `it stops cleanly\n${this.output}`);
  }

  /** Stops it and removes its folder. */
  async stop() {
    await this.pause();
    this.#removeFolder();
    process.off('exit', this.#removeFolder);
  }

  /**
   * A JSON answer of the API.
   *
   * @param {string} path Below `/api/v1/`
   * @param {Record<string, string | number | undefined>} [parameters] Undefined ones are left out
   * @returns {Promise<any>}
   */
  async get(path, parameters = {}) {
    const url = new URL(`/api/v1/${path}`, this.url);
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const response = await within(`GET ${url}`, fetch(url), 30_000, () => this.output);
    const body = await response.text();
    assert.equal(response.status, 200, `GET ${url}: ${body}`);
    return JSON.parse(body);
  }

  /**
   * Every transaction of a selection, page by page, with the total of the first page.
   *
   * @param {Record<string, string | number | undefined>} parameters
   * @returns {Promise<{ total: number, items: any[] }>}
   */
  async transactions(parameters, limit = 50) {
    const first = await this.get('transactions', { ...parameters, limit });
    const items = [...first.items];
    let cursor = first.next_cursor;
    while (cursor) {
      const page = await this.get('transactions', { ...parameters, limit, cursor });
      assert.ok(page.items.length > 0, 'a cursor leads to at least one more transaction');
      items.push(...page.items);
      cursor = page.next_cursor;
    }
    return { total: first.total, items };
  }

  /**
   * Sends an OTLP/JSON trace request; its spans are stored when this returns.
   *
   * @param {object} request An ExportTraceServiceRequest
   */
  async send(request) {
    const response = await fetch(`${this.otlpHttpUrl}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
    const body = await response.text();
    assert.equal(response.status, 200, `the receiver answered ${body}`);
    return JSON.parse(body);
  }

  #removeFolder = () => rmSync(this.#folder, { recursive: true, force: true });
}

/**
 * The sum of a hitmap's total.
 *
 * @param {{ total: { ok: number, slow: number, error: number } }} hitmap
 */
export function sum({ total }) {
  return total.ok + total.slow + total.error;
}

/**
 * The sum of a hitmap's cells, by outcome.
 *
 * @param {{ cells: number[][] }} hitmap
 * @param {(cell: { column: number, row: number }) => boolean} [inside]
 */
export function sumCells({ cells }, inside = () => true) {
  const total = { ok: 0, slow: 0, error: 0 };
  for (const [column = 0, row = 0, ok = 0, slow = 0, error = 0] of cells) {
    if (!inside({ column, row })) continue;
    total.ok += ok;
    total.slow += slow;
    total.error += error;
  }
  return total;
}
