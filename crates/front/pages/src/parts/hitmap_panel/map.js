// @ts-check
// The map on the page: keeps model, axis and marks consistent, and paints what has changed.

import { count, edgeText, percent, time } from "../../lib/format.js";
import { part } from "../../lib/page-data.js";
import { inMicroseconds, linearAxis, logAxis } from "./axis.js";
import { Geometry, LEFT } from "./geometry.js";
import { Labels } from "./labels.js";
import { boxRect, paintMarks } from "./marks.js";
import { MapModel } from "./model.js";
import { paintMap, readColors } from "./paint.js";

/** @typedef {import("./data.js").PageData} PageData */
/** @typedef {import("./data.js").Selection} Selection */
/** @typedef {import("./data.js").OutcomeFilter} OutcomeFilter */
/** @typedef {import("./marks.js").CellPlace} CellPlace */
/** @typedef {import("../../lib/words.js").Words} Words */
/**
 * A listed selection, with its total by the API once that is known.
 * @typedef {{ selection: Selection, total: number | undefined }} Chosen
 */

/** Heights of the plot in pixels: 60 rows of 5 or 7 pixels, 50 rows of 6 or 8. */
const PLOT = 300;
const PLOT_WIDE = 420;
/** A fitted axis is not fitted again more often than this, unless data is outside of it. */
const REFIT_MS = 30000;
/** Names of two selections, on the map and above their lists. */
export const LETTERS = /** @type {const} */ (["A", "B"]);

/** Height of the badge of a region, including the space below it. */
const BADGE = 22;

export class HitMap {
  /**
   * @param {HTMLElement} panel
   * @param {PageData} data
   * @param {Words} words
   * @param {{ axis: string, outcome: OutcomeFilter, tall: boolean }} options
   */
  constructor(panel, data, words, options) {
    this.panel = panel;
    this.words = words;
    this.tall = options.tall;
    /** Slow threshold of the response time. */
    this.slowFromMs = data.slow_ms;
    /** The calls whose time the rows stand for; empty for the response time. @type {import("./spent.js").SpentName} */
    this.spent = "";
    this.edgesUs = inMicroseconds(data.row_edges_ms);
    this.body = part(panel, "[data-map]", HTMLElement);
    this.cells = part(panel, "[data-map-cells]", HTMLCanvasElement);
    this.marks = part(panel, "[data-map-marks]", HTMLCanvasElement);
    this.above = part(panel, "[data-map-above]", HTMLElement);
    this.badges = [part(panel, "[data-map-badge]", HTMLElement)];
    this.empty = part(panel, "[data-map-empty]", HTMLElement);
    this.tip = part(panel, "[data-map-tip]", HTMLElement);
    this.table = part(panel, "[data-map-table]", HTMLElement);
    this.patterns = data.patterns;
    this.deployments = data.deployments;
    this.labels = new Labels(this);
    this.model = new MapModel(data.from_ms, data.to_ms, data.column_ms);
    this.model.outcome = options.outcome;
    this.model.reset(data.from_ms, data.to_ms, data.column_ms, data.cells);
    /** The same window of another time. @type {MapModel | undefined} */
    this.then = undefined;
    this.axisName = options.axis;
    this.full = false;
    this.colors = readColors();
    this.axis = this.#newAxis();
    this.#fittedAt = performance.now();
    this.geometry = this.#newGeometry();
    /** @type {CellPlace | undefined} */
    this.hover = undefined;
    /** @type {CellPlace | undefined} */
    this.cursor = undefined;
    /** @type {{ a: CellPlace, b: CellPlace } | undefined} what is being dragged or extended */
    this.dragged = undefined;
    /** The selections that are listed beside the map, at most two. @type {Chosen[]} */
    this.chosen = [];
    /** Number of selections that stay when the next one is dragged. */
    this.kept = 0;
    new ResizeObserver(() => this.layOut()).observe(this.body);
    document.addEventListener("hm:theme", () => {
      this.colors = readColors();
      this.paint();
    });
    this.layOut();
  }

  #fittedAt = 0;
  #tableAt = -Infinity;

  /** Where slow begins among the rows; 0 when the rows are not of the response time. */
  get slowMs() {
    return this.spent ? 0 : this.slowFromMs;
  }

  /** During a drag, nothing moves under the pointer. */
  get held() {
    return this.dragged !== undefined;
  }

  #newAxis() {
    if (this.axisName !== "log") return linearAxis(this.edgesUs, Number(this.axisName));
    return logAxis(this.edgesUs, this.full ? undefined : this.#extent(), this.slowMs);
  }

  /** The base rows to show, including those of the other time. */
  #extent() {
    const [now, then] = [this.model.extent(), this.then?.extent()];
    if (!now || !then) return now ?? then;
    return /** @type {[number, number]} */ ([Math.min(now[0], then[0]), Math.max(now[1], then[1])]);
  }

  #newGeometry() {
    const wide = matchMedia("(min-width: 1600px)").matches;
    let height = wide ? PLOT_WIDE : PLOT;
    if (this.tall) {
      const room = innerHeight - this.body.getBoundingClientRect().top - scrollY - 70;
      height = Math.max(height, Math.floor(room / 60) * 60);
    }
    return new Geometry(this.body.clientWidth, height, this.model.columns, this.axis.rows);
  }

  layOut() {
    if (this.held) return;
    this.geometry = this.#newGeometry();
    this.body.style.blockSize = `${this.geometry.height}px`;
    this.paint();
  }

  /** New data has arrived: fits the axis if necessary, and paints. */
  refresh() {
    if (this.held) return;
    if (this.axisName === "log" && !this.full) {
      const extent = this.#extent();
      const off = extent !== undefined && (extent[1] >= this.axis.over || (this.edgesUs[extent[0] + 1] ?? 0) <= this.axis.lowUs && this.axis.lowUs > 1000);
      if (off || performance.now() - this.#fittedAt > REFIT_MS) {
        this.axis = this.#newAxis();
        this.#fittedAt = performance.now();
      }
    }
    this.geometry = this.#newGeometry();
    this.paint();
  }

  /** @param {string} name */
  setAxis(name) {
    this.axisName = name;
    this.axis = this.#newAxis();
    this.cursor = undefined;
    this.dragged = undefined;
    this.layOut();
  }

  /** Switches the log axis between fitted to the data and full range. */
  toggleFull() {
    this.full = !this.full;
    this.setAxis("log");
  }

  /** Changes the meaning of the rows. The data for it arrives later. @param {import("./spent.js").SpentName} spent */
  setSpent(spent) {
    this.spent = spent;
    this.cursor = undefined;
    this.dragged = undefined;
    this.clear("map-spent-reading");
  }

  /** Removes all data, and shows the reason. @param {string} reason */
  clear(reason) {
    this.model.clear();
    this.patterns = [];
    this.instead = reason;
    this.fitAgain();
  }

  /** Fits the axis again, because the data is different now. */
  fitAgain() {
    this.#fittedAt = -Infinity;
    this.refresh();
  }

  /** Sets the same window of another time, to be drawn together with this one. @param {MapModel | undefined} then */
  setThen(then) {
    this.then = then;
    this.fitAgain();
  }

  /** @param {OutcomeFilter} outcome */
  setOutcome(outcome) {
    this.model.outcome = outcome;
    this.refresh();
  }

  paint() {
    paintMap(this.cells, this.geometry, this.axis, this.model, this.colors, this.slowMs, this.then);
    this.#tell();
    this.paintMarks();
    this.labels.place();
  }

  paintMarks() {
    // Selections that the drag will replace are hidden during the drag.
    const chosen = this.dragged ? this.chosen.slice(0, this.kept) : this.chosen;
    const marked = chosen.map(({ selection, total }) => ({ box: this.boxOf(selection), selection, total, chosen: true }));
    if (this.dragged) {
      const { a, b } = this.dragged;
      marked.push({ box: this.#draggedBox({ a, b }), selection: this.selectionOf(a, b), total: undefined, chosen: false });
    }
    paintMarks(this.marks, this.geometry, {
      hover: this.dragged ? undefined : this.hover,
      cursor: this.cursor,
      boxes: marked,
      // The named patterns are not of the transactions of one outcome.
      under: (context) => { if (this.model.outcome === "") this.labels.paint(context); },
    });
    this.labels.host.hidden = this.model.outcome !== "";
    this.#tellBoxes(marked);
    this.#tellHover();
  }

  /** The selection of two cells, in ms. @param {CellPlace} a @param {CellPlace} b @returns {Selection} */
  selectionOf(a, b) {
    const model = this.model;
    const [low, high] = [Math.min(a.row, b.row), Math.max(a.row, b.row)];
    return {
      t0: model.fromMs + Math.min(a.column, b.column) * model.columnMs,
      t1: model.fromMs + (Math.max(a.column, b.column) + 1) * model.columnMs,
      d0: this.axis.lowMs(low),
      d1: this.axis.highMs(high),
    };
  }

  /** The box of a selection on the present map. @param {Selection} selection */
  boxOf({ t0, t1, d0, d1 }) {
    const { fromMs, columnMs } = this.model;
    return {
      c0: (t0 - fromMs) / columnMs,
      c1: (t1 - fromMs) / columnMs,
      r0: this.axis.position(d0),
      r1: d1 === null ? this.axis.rows : this.axis.position(d1),
    };
  }

  /** What the map itself counts in a selection. @param {Selection} selection */
  countsOf({ t0, t1, d0, d1 }) {
    const { fromMs, columnMs } = this.model;
    const base = (/** @type {number} */ ms) => this.edgesUs.findIndex((edge) => edge >= ms * 1000 - 1e-3);
    const top = d1 === null ? -1 : base(d1);
    return this.model.countsIn(
      Math.round((t0 - fromMs) / columnMs), Math.round((t1 - fromMs) / columnMs),
      Math.max(0, base(d0)), top < 0 ? this.edgesUs.length : top,
    );
  }

  /** @param {{ a: CellPlace, b: CellPlace }} drag */
  #draggedBox({ a, b }) {
    return {
      c0: Math.min(a.column, b.column), c1: Math.max(a.column, b.column) + 1,
      r0: Math.min(a.row, b.row), r1: Math.max(a.row, b.row) + 1,
    };
  }

  /** @param {{ box: import("./marks.js").Box, selection: Selection, total: number | undefined }[]} marked */
  #tellBoxes(marked) {
    while (this.badges.length < marked.length) {
      const badge = /** @type {HTMLElement} */ (this.badges[0]?.cloneNode());
      this.badges[0]?.after(badge);
      this.badges.push(badge);
    }
    /** @type {{ x: number, y: number, width: number }[]} */
    const taken = [];
    this.badges.forEach((badge, place) => {
      const one = marked[place];
      const rect = one && boxRect(this.geometry, one.box);
      badge.hidden = !rect;
      if (!one || !rect) return;
      const counts = this.countsOf(one.selection);
      const text = this.words.say("map-selected", { count: count(one.total ?? counts.ok + counts.slow + counts.error) });
      badge.textContent = marked.length > 1 ? `${LETTERS[place]} · ${text}` : text;
      const above = rect.y >= 26;
      const x = Math.min(rect.x, this.geometry.width - 130);
      let y = above ? rect.y - 24 : Math.min(rect.y + rect.height + 4, this.geometry.bottom - 24);
      const hits = (/** @type {{ x: number, y: number, width: number }} */ other) => x < other.x + other.width && other.x < x + badge.offsetWidth && Math.abs(other.y - y) < BADGE;
      while (taken.some(hits) && y >= BADGE) y -= BADGE;
      taken.push({ x, y, width: badge.offsetWidth });
      badge.style.insetInlineStart = `${x}px`;
      badge.style.insetBlockStart = `${y}px`;
    });
  }

  #tellHover() {
    const place = this.cursor ?? this.hover;
    const counts = place && this.#countsAt(place);
    this.tip.hidden = !counts || this.dragged !== undefined;
    if (!place || !counts) return;
    this.tip.textContent = this.cellText(place);
    const x = this.geometry.x(place.column);
    const y = this.geometry.y(place.row + 1);
    const after = x < this.geometry.width / 2;
    this.tip.style.insetInlineStart = after ? `${x + this.geometry.cellWidth + 8}px` : "auto";
    this.tip.style.insetInlineEnd = after ? "auto" : `${this.geometry.width - x + 8}px`;
    this.tip.style.insetBlockStart = `${Math.min(Math.max(2, y - 12), this.geometry.bottom - 30)}px`;
  }

  /** Counts of a cell on screen; undefined when it is empty. @param {CellPlace} place */
  #countsAt(place) {
    const [r0, r1] = this.axis.baseRows(place.row, place.row);
    const counts = this.model.countsIn(place.column, place.column + 1, r0, r1);
    return counts.ok + counts.slow + counts.error > 0 ? counts : undefined;
  }

  /** A cell in words. @param {CellPlace} place */
  cellText(place) {
    const selection = this.selectionOf(place, place);
    const counts = this.#countsAt(place) ?? { ok: 0, slow: 0, error: 0 };
    const total = /** @type {const} */ (["ok", "slow", "error"])
      .filter((kind) => counts[kind] > 0)
      .map((kind) => this.words.say(`map-cell-${kind}`, { count: count(counts[kind]) }))
      .join(", ");
    return this.words.say("map-cell", {
      times: this.timesText(selection),
      durations: this.durationsText(selection),
      total: total || "0",
    });
  }

  /** @param {Selection} selection */
  timesText({ t0, t1 }) {
    const clock = this.model.columnMs >= 60000 * 60 || t1 - t0 > 86400000 ? "date" : "seconds";
    return `${time(t0, clock)}–${time(t1, clock)}`;
  }

  /** @param {Selection} selection */
  durationsText({ d0, d1 }) {
    if (d1 === null) return this.words.say("map-from-edge", { edge: edgeText(d0) });
    if (d0 === 0) return this.words.say("map-below-edge", { edge: edgeText(d1) });
    return `${edgeText(d0)}–${edgeText(d1)}`;
  }

  /** Updates the numbers around the map, and the table for screen readers. */
  #tell() {
    const totals = this.model.totals();
    const total = totals.ok + totals.slow + totals.error;
    /** @param {string} selector @param {string} text */
    const set = (selector, text) => {
      const element = this.panel.querySelector(selector);
      if (element && element.textContent !== text) element.textContent = text;
    };
    set('[data-count="total"]', count(total));
    for (const kind of /** @type {const} */ (["slow", "error"])) {
      set(`[data-count="${kind}"]`, count(totals[kind]));
      set(`[data-share="${kind}"]`, `${percent(total ? totals[kind] / total : 0)}\u00a0%`);
    }
    const over = this.model.countsIn(0, this.model.columns, this.axis.over, this.edgesUs.length);
    const sum = over.ok + over.slow + over.error;
    this.above.hidden = sum === 0;
    if (sum) {
      this.above.textContent = this.words.say("map-above", { count: count(sum), edge: edgeText(this.axis.highUs / 1000) });
    }
    const nothing = this.model.extent() === undefined;
    this.empty.hidden = !nothing;
    // In the middle of the plot, without the histogram beside it.
    this.empty.style.insetInlineEnd = `${this.geometry.width - LEFT - this.geometry.plotWidth}px`;
    if (nothing) this.empty.textContent = this.words.say(this.instead ? this.instead : total ? "map-nothing-left" : this.waiting ? this.ofCalls ? "calls-waiting" : "map-waiting" : "map-no-transactions");
    this.#tellTable();
  }

  /** Why there is no data, when the reason is not that there are no transactions. */
  instead = "";

  /** Whether data may still arrive. */
  waiting = false;
  /** Whether it counts calls instead of transactions. */
  ofCalls = false;

  #tellTable() {
    // A table that changes every second cannot be read out.
    if (performance.now() - this.#tableAt < 15000) return;
    this.#tableAt = performance.now();
    const each = Math.max(1, Math.floor(this.model.columns / 12));
    const rows = [];
    for (let column = 0; column < this.model.columns; column += each) {
      const counts = this.model.countsIn(column, column + each, 0, this.edgesUs.length);
      if (counts.ok + counts.slow + counts.error === 0) continue;
      const row = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = time(this.model.fromMs + column * this.model.columnMs, "seconds");
      row.append(head);
      for (const value of [counts.ok, counts.slow, counts.error]) {
        const cell = document.createElement("td");
        cell.textContent = String(value);
        row.append(cell);
      }
      rows.push(row);
    }
    this.table.replaceChildren(...rows);
  }

  /** The cell under a pointer event. @param {PointerEvent | MouseEvent} event */
  placeOf(event) {
    const rect = this.body.getBoundingClientRect();
    const [x, y] = [event.clientX - rect.left, event.clientY - rect.top];
    return { inside: this.geometry.inside(x, y), ...this.geometry.cellAt(x, y) };
  }

  /** Where the keyboard cursor begins: the newest column, middle row. @returns {CellPlace} */
  startPlace() {
    return { column: this.model.columns - 1, row: Math.floor(this.axis.rows / 2) };
  }
}

