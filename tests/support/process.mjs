// Programs that a test starts, observes by their output and ends by their process id.
//
// Programs that still run when the test process ends are killed, so nothing outlives its test.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { within } from './wait.mjs';

/** Number of output lines that are kept for messages. */
const KEPT_LINES = 200;

/** @type {Set<Program>} */
const running = new Set();
process.on('exit', () => {
  for (const program of running) program.signal('SIGKILL');
});
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => process.exit(1));
}

/** A program that was started. */
export class Program {
  /** @type {string[]} */ #lines = [];
  /** @type {Set<(line: string) => void>} */ #listeners = new Set();
  /** @type {import('node:child_process').ChildProcess} */ #child;

  /**
   * @param {string} name For messages
   * @param {string} command
   * @param {string[]} args
   * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options] `env` is the whole environment
   */
  constructor(name, command, args, options = {}) {
    this.name = name;
    this.#child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(this);
    /** @type {Promise<string>} How it ended; never rejects. */
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(`did not start: ${error.message}`));
      this.#child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    this.ended.then(() => running.delete(this));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.#hear(line));
    }
  }

  /** @returns {number | undefined} */
  get pid() {
    return this.#child.pid;
  }

  /** Its latest output, both streams. */
  get output() {
    return `--- ${this.name} printed:\n${this.#lines.join('\n')}\n---`;
  }

  /**
   * The first match of `pattern` in a line that it has printed or will print.
   *
   * @param {RegExp} pattern
   * @param {number} [deadlineMs]
   * @returns {Promise<RegExpExecArray>}
   */
  async line(pattern, deadlineMs = 30_000) {
    const already = this.#lines.map((line) => pattern.exec(line)).find((match) => match);
    if (already) return already;
    /** @type {(line: string) => void} */
    let listener = () => {};
    const printed = new Promise((resolve) => {
      listener = (line) => {
        const match = pattern.exec(line);
        if (match) resolve(match);
      };
      this.#listeners.add(listener);
    });
    const ended = this.ended.then((how) => {
      throw new Error(`${this.name} ended (${how}) before it printed ${pattern}\n${this.output}`);
    });
    ended.catch(() => {});
    try {
      const what = `${this.name} to print ${pattern}`;
      return await within(what, Promise.race([printed, ended]), deadlineMs, () => this.output);
    } finally {
      this.#listeners.delete(listener);
    }
  }

  /**
   * Sends a signal to this process only.
   *
   * @param {NodeJS.Signals} signal
   */
  signal(signal) {
    this.#child.kill(signal);
  }

  /**
   * Asks it to end and waits for that. When it does not end in time, it is killed and an error is
   * thrown.
   *
   * @param {{ signal?: NodeJS.Signals, deadlineMs?: number }} [options]
   * @returns {Promise<string>} How it ended
   */
  async stop({ signal = 'SIGTERM', deadlineMs = 15_000 } = {}) {
    this.signal(signal);
    try {
      return await within(`${this.name} to end by ${signal}`, this.ended, deadlineMs, () => this.output);
    } catch (error) {
      this.signal('SIGKILL');
      await this.ended;
      throw error;
    }
  }

  /** @param {string} line */
  #hear(line) {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    for (const listener of [...this.#listeners]) listener(line);
  }
}

/**
 * Different ports on which nothing listens now.
 *
 * @param {number} count
 * @returns {Promise<number[]>}
 */
export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return /** @type {Promise<import('node:net').Server>} */ (
        new Promise((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        })
      );
    }),
  );
  const ports = servers.map((server) => /** @type {import('node:net').AddressInfo} */ (server.address()).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
