// @ts-check
// Types of the chart data that the page and the API send.

/**
 * @typedef {object} Point
 * @property {number} start_ms
 * @property {number} ok
 * @property {number} slow
 * @property {number} error
 * @property {number | null} p50_ms
 * @property {number | null} p95_ms
 * @property {number | null} p99_ms
 */

/** @typedef {{ from_ms: number, to_ms: number, column_ms: number, points: Point[] }} Timeline */

/** @typedef {{ low: number, middle: number, high: number }} Band */

/**
 * @typedef {object} TypicalPoint
 * @property {number} start_ms
 * @property {Band | null} rate
 * @property {Band | null} p50_ms
 * @property {Band | null} p95_ms
 * @property {Band | null} p99_ms
 * @property {Band | null} error_share
 */

/** @typedef {{ of: "hour_of_week" | "hour_of_day", periods: number, column_ms: number, points: TypicalPoint[] }} Typical */

/** @typedef {Timeline & { compare?: Timeline, usual?: Typical, usual_missing?: "too_few" | "too_long" }} SeriesAnswer */

/**
 * @typedef {object} ChartsData
 * @property {number} now_ms
 * @property {boolean} live
 * @property {boolean} streams
 * @property {SeriesAnswer} series
 * @property {number | null} back_ms
 * @property {boolean} usual
 * @property {string} other
 * @property {Record<string, string>} query
 * @property {{ at_ms: number, label: string, href: string }[]} deployments
 * @property {Record<string, string>} words
 */

/** The value of a line: per second, milliseconds, or percent.
 * @typedef {"rate" | "p50" | "p95" | "p99" | "errors"} Metric */

export {};
