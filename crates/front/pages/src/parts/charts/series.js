// @ts-check
// The points of a timeline as the charts draw them, and the numbers in the charts' titles.

/** @typedef {import("./data.js").Point} Point */
/** @typedef {import("./data.js").Metric} Metric */

/**
 * "Now" is the last minute, or the last column when columns are longer; the same as in charts.rs.
 */
const NOW_MS = 60000;

/**
 * The value of a column; null when nothing was counted.
 * @param {Point} point @param {Metric} metric @param {number} columnMs
 */
export function valueOf(point, metric, columnMs) {
  const total = point.ok + point.slow + point.error;
  if (metric === "rate") return total / (columnMs / 1000);
  if (metric === "errors") return total ? (point.error / total) * 100 : null;
  return point[`${metric}_ms`];
}

export class Series {
  /** @type {Map<number, Point>} */
  #points = new Map();

  /** @param {import("./data.js").Timeline} timeline */
  constructor({ points, from_ms: fromMs, to_ms: toMs, column_ms: columnMs }) {
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
    for (const point of points) this.#points.set(point.start_ms, point);
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
      all.push(this.#points.get(start) ?? { start_ms: start, ok: 0, slow: 0, error: 0, p50_ms: null, p95_ms: null, p99_ms: null });
    }
    return all;
  }

  /** The columns that are complete at `nowMs`. An incomplete column would look like a drop. @param {number} nowMs */
  whole(nowMs) {
    return this.all().filter((point) => point.start_ms + this.columnMs <= nowMs);
  }

  /** The columns that "now" is computed from. @param {Point[]} whole */
  recent(whole) {
    return whole.slice(-Math.max(1, Math.ceil(NOW_MS / this.columnMs)));
  }

  /** @param {Point[]} whole */
  now(whole) {
    const recent = this.recent(whole);
    let total = 0;
    let failed = 0;
    for (const { ok, slow, error } of recent) {
      total += ok + slow + error;
      failed += error;
    }
    const latest = whole.findLast((point) => point.p95_ms !== null);
    return {
      rate: total / Math.max(1, (recent.length * this.columnMs) / 1000),
      errors: total ? failed / total : 0,
      p50: latest?.p50_ms ?? NaN, p95: latest?.p95_ms ?? NaN, p99: latest?.p99_ms ?? NaN,
    };
  }
}
