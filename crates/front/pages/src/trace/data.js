// @ts-check
// The trace's rows as the server has sent them: one compact array for each row, texts stored once.

/**
 * @typedef {object} Row
 * @property {number} index
 * @property {string} span
 * @property {number} depth
 * @property {number} end index of the first row that is not below this one
 * @property {number} run how many spans the row folds, 0 for one span
 * @property {boolean} critical
 * @property {boolean} failed
 * @property {boolean} orphan
 * @property {boolean} smallPrint
 * @property {boolean} outward whether it calls another service of ours
 * @property {boolean} looped whether its run looks like a loop over calls
 * @property {boolean} hot whether its own time is worth a look
 * @property {string} colour
 * @property {number} x start of the bar, in percent
 * @property {number} width of the bar, in percent
 * @property {string} who
 * @property {string} what
 * @property {string} took
 * @property {string} own
 * @property {string} start
 * @property {string} gap
 * @property {string} result
 */

/**
 * A row as sent: span, depth, end, run, flags, bar start, bar width, indices of texts, times in ns.
 * @typedef {[string, number, number, number, number, number, number, number[], number[]]} Wire
 */

const SPAN = 0, DEPTH = 1, END = 2, RUN = 3, FLAGS = 4, X = 5, WIDTH = 6, TEXTS = 7, TIMES = 8;
const COLOUR = 0, WHO = 1, WHAT = 2, TOOK = 3, OWN = 4, START = 5, GAP = 6, RESULT = 7;
const START_NS = 0, GAP_NS = 1, TOOK_NS = 2, OWN_NS = 3;
const CRITICAL = 1, FAILED = 2, ORPHAN = 4, SMALL_PRINT = 8, OUTWARD = 16, HOT = 32, LOOP = 64;

/** @typedef {"start" | "gap" | "service" | "name" | "took" | "own" | "status"} SortKey */

export class Rows {
  /** @type {string[]} */ #texts;
  /** @type {Wire[]} */ #rows;

  /** @param {{texts: string[], rows: Wire[]}} data */
  constructor(data) {
    this.#texts = data.texts;
    this.#rows = data.rows;
  }

  get length() {
    return this.#rows.length;
  }

  /** @param {number} index @returns {Row} */
  at(index) {
    const row = this.#raw(index);
    const flags = row[FLAGS];
    const text = (/** @type {number} */ column) => this.#text(row, column);
    return {
      index,
      span: row[SPAN],
      depth: row[DEPTH],
      end: row[END],
      run: row[RUN],
      critical: (flags & CRITICAL) !== 0,
      failed: (flags & FAILED) !== 0,
      orphan: (flags & ORPHAN) !== 0,
      smallPrint: (flags & SMALL_PRINT) !== 0,
      outward: (flags & OUTWARD) !== 0,
      looped: (flags & LOOP) !== 0,
      hot: (flags & HOT) !== 0,
      colour: text(COLOUR),
      x: row[X] / 1000,
      width: row[WIDTH] / 1000,
      who: text(WHO),
      what: text(WHAT),
      took: text(TOOK),
      own: text(OWN),
      start: text(START),
      gap: text(GAP),
      result: text(RESULT),
    };
  }

  /** @param {number} index */
  end(index) {
    return this.#raw(index)[END];
  }

  /** @param {number} index */
  isRun(index) {
    return this.#raw(index)[RUN] > 0;
  }

  /** @param {number} index */
  isSmallPrint(index) {
    return (this.#raw(index)[FLAGS] & SMALL_PRINT) !== 0;
  }

  /** The row of its parent; -1 for a root. @param {number} index */
  parent(index) {
    const depth = this.#raw(index)[DEPTH];
    for (let above = index - 1; above >= 0; above--) {
      if (this.#raw(above)[DEPTH] < depth) return above;
    }
    return -1;
  }

  /** The span's own row, not that of a folded run. @param {string} span */
  find(span) {
    return this.#rows.findIndex((row) => row[SPAN] === span && row[RUN] === 0);
  }

  /** Rows of single spans, sorted. Equal ones stay in tree order. @param {SortKey} key @param {boolean} descending */
  sorted(key, descending) {
    const order = [];
    for (let index = 0; index < this.#rows.length; index++) if (!this.isRun(index)) order.push(index);
    const by = this.#comparison(key);
    return order.sort((a, b) => (descending ? by(b, a) : by(a, b)) || a - b);
  }

  /** @param {SortKey} key @returns {(a: number, b: number) => number} */
  #comparison(key) {
    const number = (/** @type {number} */ column) => (/** @type {number} */ a, /** @type {number} */ b) =>
      (this.#raw(a)[TIMES][column] ?? 0) - (this.#raw(b)[TIMES][column] ?? 0);
    const text = (/** @type {number} */ column) => (/** @type {number} */ a, /** @type {number} */ b) => {
      const left = this.#text(this.#raw(a), column), right = this.#text(this.#raw(b), column);
      return left < right ? -1 : left > right ? 1 : 0;
    };
    switch (key) {
      case "start": return number(START_NS);
      case "gap": return number(GAP_NS);
      case "took": return number(TOOK_NS);
      case "own": return number(OWN_NS);
      case "service": return text(WHO);
      case "name": return text(WHAT);
      case "status": return text(RESULT);
    }
  }

  /** @param {Wire} row @param {number} column */
  #text(row, column) {
    return this.#texts[row[TEXTS][column] ?? -1] ?? "";
  }

  /** @param {number} index @returns {Wire} */
  #raw(index) {
    const row = this.#rows[index];
    if (!row) throw new RangeError(`no row ${index}`);
    return row;
  }
}
