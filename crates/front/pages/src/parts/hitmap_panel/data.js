// @ts-check
// Types of the data that the page and the API send.

/** @typedef {[row: number, ok: number, slow: number, error: number]} Cell */
/** @typedef {"" | "ok" | "slow" | "error"} OutcomeFilter */

/**
 * The cells of a hitmap, as in the answer of /api/v1/hitmap.
 * @typedef {object} Grid
 * @property {number} from_ms
 * @property {number} to_ms
 * @property {number} column_ms
 * @property {number} slow_ms
 * @property {number[]} row_edges_ms
 * @property {[column: number, row: number, ok: number, slow: number, error: number][]} cells
 */

/**
 * @typedef {object} PageFields
 * @property {number} now_ms
 * @property {boolean} live
 * @property {boolean} streams
 * @property {string | null} service
 * @property {Record<string, string>} filters
 * @property {Pattern[]} patterns
 * @property {Marker[]} deployments
 * @property {Record<string, string>} words
 */

/** @typedef {Grid & PageFields} PageData */

/**
 * A named pattern and where it is.
 * @typedef {object} Pattern
 * @property {"vertical" | "horizontal" | "wave" | "overload" | "flood"} kind
 * @property {number} from_ms
 * @property {number} to_ms
 * @property {number} min_ms
 * @property {number | null} max_ms
 * @property {number} [constant_ms]
 * @property {number} [period_ms]
 * @property {number} count
 * @property {number} failed
 * @property {number} strength
 * @property {boolean} of_all
 */

/** @typedef {{ at_ms: number, label: string, href: string }} Marker */

/** @typedef {{ dimension: string, key: string, value: string }} Feature */

/**
 * A feature that the selected transactions have more often than the rest.
 * @typedef {Feature & {
 *   selected: { count: number, of: number }, rest: { count: number, of: number },
 *   exact: boolean, score: number, same: Feature[],
 * }} Difference
 */

/**
 * @typedef {object} Differences
 * @property {number} selected
 * @property {number} rest
 * @property {{ selected: number, rest: number }} sampled
 * @property {Difference[]} findings
 * @property {string[]} alike
 * @property {{ category: string, selected: number, rest: number }[]} time
 */

/**
 * @typedef {object} LiveColumn
 * @property {number} start_ms
 * @property {Cell[]} cells
 * @property {number} ok
 * @property {number} slow
 * @property {number} error
 * @property {number | null} p50_ms
 * @property {number | null} p95_ms
 * @property {number | null} p99_ms
 */

/** @typedef {{ id: string, service: string, namespace: string, environment: string, version: string, label: string, at_ms: number }} Deployment */

/** @typedef {{ now_ms: number, columns: LiveColumn[], patterns?: Pattern[], deployments?: Deployment[] }} LiveData */

/** A selection: `t0 ≤ end < t1`, `d0 ≤ duration < d1`, all in ms; no `d1` when open-ended.
 * @typedef {{ t0: number, t1: number, d0: number, d1: number | null }} Selection */

/**
 * @typedef {object} Transaction
 * @property {string} trace_id
 * @property {string} span_id
 * @property {string} service
 * @property {string} operation
 * @property {number} end_ms
 * @property {number} duration_ms
 * @property {"ok" | "slow" | "error"} outcome
 * @property {number} [http_status]
 * @property {string} [error_type]
 * @property {number} [spent_ms]
 */

/** @typedef {{ total: number, items: Transaction[], next_cursor: string | null, expired_before_ms: number | null }} TransactionPage */

export {};
