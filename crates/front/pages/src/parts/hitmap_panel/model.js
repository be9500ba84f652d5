// @ts-check
// The columns of the window, each with its non-empty cells.

/** @typedef {import("./data.js").Cell} Cell */
/** @typedef {import("./data.js").OutcomeFilter} OutcomeFilter */
/** @typedef {{ ok: number, slow: number, error: number }} Counts */

export class MapModel {
  /** @type {Map<number, Cell[]>} */
  #columns = new Map();

  /**
   * @param {number} fromMs
   * @param {number} toMs
   * @param {number} columnMs
   */
  constructor(fromMs, toMs, columnMs) {
    this.fromMs = fromMs;
    this.toMs = toMs;
    this.columnMs = columnMs;
    /** @type {OutcomeFilter} */
    this.outcome = "";
  }

  get columns() {
    return Math.max(1, Math.round((this.toMs - this.fromMs) / this.columnMs));
  }

  /**
   * Replaces all cells, in the form in which the page and `/api/v1/hitmap` send them.
   * @param {number} fromMs @param {number} toMs @param {number} columnMs
   * @param {[number, number, number, number, number][]} cells
   */
  reset(fromMs, toMs, columnMs, cells) {
    this.fromMs = fromMs;
    this.toMs = toMs;
    this.columnMs = columnMs;
    this.#columns.clear();
    for (const [column, row, ok, slow, error] of cells) {
      const start = fromMs + column * columnMs;
      const list = this.#columns.get(start);
      if (list) list.push([row, ok, slow, error]);
      else this.#columns.set(start, [[row, ok, slow, error]]);
    }
  }

  clear() {
    this.#columns.clear();
  }

  /**
   * Adds columns after the existing ones.
   * @param {number} fromMs @param {number} toMs @param {[number, number, number, number, number][]} cells
   */
  extend(fromMs, toMs, cells) {
    const more = new MapModel(fromMs, toMs, this.columnMs);
    more.reset(fromMs, toMs, this.columnMs, cells);
    for (const [start, list] of more.#columns) this.#columns.set(start, list);
    this.toMs = Math.max(this.toMs, toMs);
  }

  /** Removes columns that end before this instant. @param {number} fromMs */
  forgetBefore(fromMs) {
    const gone = Math.floor((fromMs - this.fromMs) / this.columnMs);
    if (gone <= 0) return;
    this.fromMs += gone * this.columnMs;
    for (const start of this.#columns.keys()) {
      if (start < this.fromMs) this.#columns.delete(start);
    }
  }

  /** @param {number} startMs @param {Cell[]} cells */
  replace(startMs, cells) {
    if (cells.length) this.#columns.set(startMs, cells);
    else this.#columns.delete(startMs);
  }

  /** Moves the window so that it ends with the column of `nowMs`. @param {number} nowMs */
  advance(nowMs) {
    const to = (Math.floor(nowMs / this.columnMs) + 1) * this.columnMs;
    if (to === this.toMs) return false;
    this.fromMs += to - this.toMs;
    this.toMs = to;
    for (const start of this.#columns.keys()) {
      if (start < this.fromMs) this.#columns.delete(start);
    }
    return true;
  }

  /**
   * Calls `look` for every cell of the window in which the outcome filter leaves transactions.
   * @param {(column: number, cell: Cell) => void} look
   */
  each(look) {
    for (const [start, cells] of this.#columns) {
      const column = Math.round((start - this.fromMs) / this.columnMs);
      if (column < 0 || column >= this.columns) continue;
      for (const cell of cells) {
        const seen = this.#filtered(cell);
        if (seen) look(column, seen);
      }
    }
  }

  /** @param {Cell} cell @returns {Cell | undefined} */
  #filtered(cell) {
    const [row, ok, slow, error] = cell;
    switch (this.outcome) {
      case "": return cell;
      case "ok": return ok ? [row, ok, 0, 0] : undefined;
      case "slow": return slow ? [row, 0, slow, 0] : undefined;
      case "error": return error ? [row, 0, 0, error] : undefined;
    }
  }

  /**
   * Counts of the columns that begin in a range, whatever the filter. By default: of the window.
   * @param {number} [fromMs] @param {number} [toMs]
   * @returns {Counts}
   */
  totals(fromMs = this.fromMs, toMs = this.toMs) {
    const counts = { ok: 0, slow: 0, error: 0 };
    for (const [start, cells] of this.#columns) {
      if (start < fromMs || start >= toMs) continue;
      for (const [, ok, slow, error] of cells) {
        counts.ok += ok;
        counts.slow += slow;
        counts.error += error;
      }
    }
    return counts;
  }

  /**
   * Counts of columns `c0 ≤ c < c1` and base rows `r0 ≤ r < r1`, with the filter.
   * @param {number} c0 @param {number} c1 @param {number} r0 @param {number} r1
   * @returns {Counts}
   */
  countsIn(c0, c1, r0, r1) {
    const counts = { ok: 0, slow: 0, error: 0 };
    this.each((column, [row, ok, slow, error]) => {
      if (column < c0 || column >= c1 || row < r0 || row >= r1) return;
      counts.ok += ok;
      counts.slow += slow;
      counts.error += error;
    });
    return counts;
  }

  /** Lowest and highest base row in the window. @returns {[number, number] | undefined} */
  extent() {
    let low = Infinity;
    let high = -Infinity;
    this.each((_, [row]) => {
      if (row < low) low = row;
      if (row > high) high = row;
    });
    return low === Infinity ? undefined : [low, high];
  }
}
