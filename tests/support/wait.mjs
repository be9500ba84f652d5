// Bounded waiting: polls a condition until a deadline.
//
// Nothing here waits for a fixed time. A wait that fails says what it waited for and what it saw
// last.
import { setTimeout as pause } from 'node:timers/promises';

/** Time between two polls. */
const INTERVAL_MS = 50;

/**
 * Polls `probe` until it returns something truthy, and returns that.
 *
 * @template T
 * @param {string} what What is waited for, for the message
 * @param {() => Promise<T> | T} probe May throw: that counts as "not yet" and is remembered
 * @param {{ deadlineMs?: number, seen?: () => unknown }} [options] `seen` tells what to show on failure
 * @returns {Promise<Exclude<T, false | null | undefined | 0 | ''>>}
 */
export async function until(what, probe, { deadlineMs = 15_000, seen } = {}) {
  const deadline = Date.now() + deadlineMs;
  let last = '';
  for (;;) {
    try {
      const value = await probe();
      if (value) return /** @type {any} */ (value);
      last = seen ? JSON.stringify(await seen()) : JSON.stringify(value) ?? 'undefined';
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() >= deadline) {
      throw new Error(`${what}: not within ${deadlineMs / 1000} s; last seen: ${last.slice(0, 2000)}`);
    }
    await pause(INTERVAL_MS);
  }
}

/**
 * `promise`, or an error that says what did not happen in time.
 *
 * @template T
 * @param {string} what
 * @param {Promise<T>} promise
 * @param {number} deadlineMs
 * @param {() => string} [context] More to say on failure
 * @returns {Promise<T>}
 */
export async function within(what, promise, deadlineMs, context = () => '') {
  const gaveUp = new AbortController();
  const deadline = pause(deadlineMs, null, { signal: gaveUp.signal }).then(() => {
    throw new Error(`${what}: not within ${deadlineMs / 1000} s\n${context()}`);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    deadline.catch(() => {});
    gaveUp.abort();
  }
}
