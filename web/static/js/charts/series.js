// @ts-check
// Points of a timeline as the charts draw them, and the numbers in the charts' titles.

/** @typedef {import("../hitmap/data.js").Point} Point */

/** "Now" is the last minute, or the last column where columns are longer; as in service.rs. */
const NOW_MS = 60000;

export class Series {
  /** @type {Map<number, Point>} */
  #points = new Map();

  /** @param {Point[]} points @param {number} fromMs @param {number} toMs @param {number} columnMs */
  constructor(points, fromMs, toMs, columnMs) {
    this.fromMs = fromMs;
    this.toMs = toMs;
    this.columnMs = columnMs;
    this.set(points);
  }

  clear() {
    this.#points.clear();
  }

  /** @param {Point[]} points */
  set(points) {
    for (const point of points) this.#points.set(point[0], point);
  }

  /** @param {number} fromMs @param {number} toMs */
  move(fromMs, toMs) {
    this.fromMs = fromMs;
    this.toMs = toMs;
    for (const start of this.#points.keys()) if (start < fromMs) this.#points.delete(start);
  }

  /** Every column of the window, empty ones as zeros. @returns {Point[]} */
  all() {
    const all = [];
    for (let start = this.fromMs; start < this.toMs; start += this.columnMs) {
      all.push(this.#points.get(start) ?? /** @type {Point} */ ([start, 0, 0, 0, null, null, null]));
    }
    return all;
  }

  /** The columns that are whole at `nowMs`: one that is still filling would read as a drop. @param {number} nowMs */
  whole(nowMs) {
    return this.all().filter(([start]) => start + this.columnMs <= nowMs);
  }

  /** @param {number} nowMs */
  now(nowMs) {
    const whole = this.whole(nowMs);
    const recent = whole.slice(-Math.max(1, Math.ceil(NOW_MS / this.columnMs)));
    let total = 0;
    let failed = 0;
    for (const [, ok, slow, error] of recent) {
      total += ok + slow + error;
      failed += error;
    }
    const latest = whole.findLast((point) => point[5] !== null);
    return {
      rate: total / Math.max(1, (recent.length * this.columnMs) / 1000),
      errors: total ? failed / total : 0,
      p50: latest?.[4] ?? NaN, p95: latest?.[5] ?? NaN, p99: latest?.[6] ?? NaN,
    };
  }
}
