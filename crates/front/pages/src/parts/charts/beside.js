// @ts-check
// What is drawn beside a series: the series of another time, or the band of usual values. Its
// columns may be wider than the series' own.

import { valueOf } from "./series.js";

/** @typedef {import("./data.js").Metric} Metric */
/** @typedef {import("./data.js").Band} Band */

/**
 * Data is requested this far ahead of a live series, so that the series has something to move into.
 */
const AHEAD_MS = 60000;

export class Beside {
  /** @type {Map<number, import("./data.js").Point>} */
  #points = new Map();
  /** @type {Map<number, import("./data.js").TypicalPoint>} */
  #bands = new Map();
  #columnMs = 0;

  /** @param {import("./data.js").ChartsData} data */
  constructor(data) {
    this.backMs = data.back_ms;
    this.usual = data.usual;
    this.take(data.series);
    /** @type {"other" | "band" | null} */
    this.kind = this.#points.size ? "other" : this.usual && !data.series.usual_missing ? "band" : null;
  }

  /** Whether the data has arrived. */
  get known() {
    return this.#points.size > 0 || this.#bands.size > 0;
  }

  /** @param {import("./data.js").SeriesAnswer} series */
  take(series) {
    const width = series.compare?.column_ms ?? series.usual?.column_ms ?? 0;
    if (width !== this.#columnMs) {
      this.#points.clear();
      this.#bands.clear();
    }
    this.#columnMs = width;
    for (const point of series.compare?.points ?? []) this.#points.set(point.start_ms, point);
    for (const point of series.usual?.points ?? []) this.#bands.set(point.start_ms, point);
    const oldest = series.from_ms - 2 * AHEAD_MS - width;
    for (const start of this.#points.keys()) if (start < oldest - (this.backMs ?? 0)) this.#points.delete(start);
    for (const start of this.#bands.keys()) if (start < oldest) this.#bands.delete(start);
  }

  /** API parameters that request it, in addition to `from` and `to` of the series.
   * @param {number} from @param {number} to @returns {Record<string, string | number>} */
  asked(from, to) {
    if (this.usual) return { usual: "true" };
    if (this.backMs === null) return {};
    return { compare_from: from - this.backMs, compare_to: to - this.backMs };
  }

  /** The same parameters for a range a little ahead.
   * @param {number} from @param {number} to @returns {Record<string, string | number>} */
  ahead(from, to) {
    return { from: from + AHEAD_MS, to: to + AHEAD_MS, ...this.asked(from + AHEAD_MS, to + AHEAD_MS) };
  }

  /** @param {number} at */
  #column(at) {
    return Math.floor(at / this.#columnMs) * this.#columnMs;
  }

  /** The other time's value for the column that starts at `at`. @param {Metric} metric @param {number} at */
  other(metric, at) {
    const point = this.#points.get(this.#column(at - (this.backMs ?? 0)));
    return point ? valueOf(point, metric, this.#columnMs) : null;
  }

  /** The usual band at that time. @param {Metric} metric @param {number} at @returns {Band | null} */
  band(metric, at) {
    const point = this.#bands.get(this.#column(at));
    if (!point) return null;
    if (metric === "rate") return point.rate;
    if (metric !== "errors") return point[`${metric}_ms`];
    const share = point.error_share;
    return share && { low: share.low * 100, middle: share.middle * 100, high: share.high * 100 };
  }
}
