// @ts-check
// The waterfall: a tree of rows that folds and supports the keyboard. Only the visible rows are
// drawn.

import { Rows } from "./data.js";
import { cloned, required } from "./element.js";
import { RowWindow } from "./window.js";

/** @import { Row } from "./data.js" */

const ROW_HEIGHT = 24;
/**
 * Deepest level that is indented; deeper rows show their depth as a number. The same as in the
 * server's view.
 */
const INDENT_MAX = 16;
/**
 * A bar at least this wide holds its duration. The label of a bar that ends after the second value
 * is placed before it. In percent.
 */
const LABEL_INSIDE = 14, LABEL_BEFORE = 84;

export class Waterfall {
  /** @type {HTMLElement} */ #grid;
  /** @type {Rows} */ #rows;
  /** @type {RowWindow} */ #window;
  /** @type {Set<number>} */ #folded = new Set();
  /** @type {number[]} */ #visible = [];
  /** @type {(span: string, how: "pointer" | "keyboard") => void} */ #onSelect;
  #cursor = -1;
  #smallPrint;

  /**
   * @param {HTMLElement} grid
   * @param {Rows} rows
   * @param {{span: string, smallPrint: boolean, onSelect: (span: string, how: "pointer" | "keyboard") => void}} options
   */
  constructor(grid, rows, options) {
    this.#grid = grid;
    this.#rows = rows;
    this.#smallPrint = options.smallPrint;
    this.#onSelect = options.onSelect;
    for (let index = 0; index < rows.length; index++) if (rows.isRun(index)) this.#folded.add(index);
    const canvas = required(grid, ".t-canvas", HTMLElement), layer = required(grid, ".t-layer", HTMLElement);
    this.#window = new RowWindow(grid, canvas, layer, ROW_HEIGHT, (index, position) => this.#draw(rows.at(index), position));
    grid.addEventListener("click", (event) => this.#clicked(event));
    grid.addEventListener("keydown", (event) => this.#pressed(event));
    this.#place(rows.find(options.span), "center");
  }

  /** Shows or hides tiny internal spans. @param {boolean} shown */
  showSmallPrint(shown) {
    this.#smallPrint = shown;
    this.#refresh();
  }

  /** Marks the span's row and scrolls to it. @param {string} span */
  select(span) {
    this.#place(this.#rows.find(span), "center");
  }

  /** Draws again after the waterfall was hidden. */
  redraw() {
    this.#window.redraw();
    this.#mark();
  }

  /** @param {number} index @param {"nearest" | "center"} block */
  #place(index, block) {
    if (index < 0) {
      this.#refresh();
      return;
    }
    for (let above = this.#rows.parent(index); above >= 0; above = this.#rows.parent(above)) this.#folded.delete(above);
    this.#cursor = index;
    this.#refresh();
    const position = this.#visible.indexOf(index);
    if (position >= 0) this.#window.reveal(position, block);
    this.#mark();
  }

  #refresh() {
    const visible = [];
    for (let index = 0; index < this.#rows.length; ) {
      const end = this.#rows.end(index);
      const holdsCursor = this.#cursor >= index && this.#cursor < end;
      if (!this.#smallPrint && this.#rows.isSmallPrint(index) && !holdsCursor) {
        index = end;
        continue;
      }
      visible.push(index);
      index = this.#folded.has(index) ? end : index + 1;
    }
    this.#visible = visible;
    this.#window.show(visible);
    this.#grid.setAttribute("aria-rowcount", String(visible.length + 1));
    this.#mark();
  }

  #mark() {
    for (const marked of this.#grid.querySelectorAll('[aria-selected="true"]')) marked.setAttribute("aria-selected", "false");
    const row = this.#window.element(this.#cursor);
    row?.setAttribute("aria-selected", "true");
    if (row) this.#grid.setAttribute("aria-activedescendant", row.id);
    else this.#grid.removeAttribute("aria-activedescendant");
  }

  /** @param {number} index @param {boolean} folded */
  #fold(index, folded) {
    if (folded) this.#folded.add(index);
    else this.#folded.delete(index);
    const inside = this.#cursor > index && this.#cursor < this.#rows.end(index);
    if (folded && inside) this.#cursor = index;
    this.#refresh();
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    if (!(event.target instanceof Element) || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const row = event.target.closest("[data-row]");
    if (!(row instanceof HTMLElement)) return;
    event.preventDefault();
    const index = Number(row.dataset["row"]);
    const opens = event.target.closest(".t-tw, .t-run") !== null;
    if (opens && row.hasAttribute("aria-expanded")) {
      this.#fold(index, !this.#folded.has(index));
      return;
    }
    this.#move(index, "pointer");
  }

  /** @param {number} index @param {"pointer" | "keyboard"} how */
  #move(index, how) {
    this.#cursor = index;
    const position = this.#visible.indexOf(index);
    if (position >= 0) this.#window.reveal(position, "nearest");
    this.#mark();
    this.#onSelect(this.#rows.at(index).span, how);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    const at = this.#visible.indexOf(this.#cursor), last = this.#visible.length - 1;
    const folds = this.#cursor >= 0 && this.#rows.end(this.#cursor) > this.#cursor + 1;
    const folded = this.#folded.has(this.#cursor);
    let to = at;
    switch (event.key) {
      case "ArrowDown": to = Math.min(last, at + 1); break;
      case "ArrowUp": to = Math.max(0, at - 1); break;
      case "PageDown": to = Math.min(last, at + this.#window.page); break;
      case "PageUp": to = Math.max(0, at - this.#window.page); break;
      case "Home": to = 0; break;
      case "End": to = last; break;
      case "ArrowRight":
        if (folds && folded) this.#fold(this.#cursor, false);
        else if (folds) to = Math.min(last, at + 1);
        break;
      case "ArrowLeft":
        if (folds && !folded) this.#fold(this.#cursor, true);
        else to = Math.max(at > 0 ? 0 : at, this.#visible.indexOf(this.#rows.parent(Math.max(0, this.#cursor))));
        break;
      case "Enter":
        if (folds) this.#fold(this.#cursor, !folded);
        break;
      default: return;
    }
    event.preventDefault();
    const index = this.#visible[to];
    if (index !== undefined && to !== at) this.#move(index, "keyboard");
  }

  /** @param {Row} row @param {number} position */
  #draw(row, position) {
    const element = cloned("t-row");
    element.id = `t-row-${row.index}`;
    element.dataset["row"] = String(row.index);
    element.setAttribute("aria-level", String(row.depth + 1));
    element.setAttribute("aria-rowindex", String(position + 2));
    element.setAttribute("aria-selected", String(row.index === this.#cursor));
    if (row.end > row.index + 1) element.setAttribute("aria-expanded", String(!this.#folded.has(row.index)));
    const name = required(element, ".t-name", HTMLElement);
    name.classList.add(`t-d${Math.min(row.depth, INDENT_MAX)}`);
    const text = (/** @type {string} */ selector, /** @type {string} */ value) => {
      required(element, selector, HTMLElement).textContent = value;
    };
    const keep = (/** @type {string} */ selector, /** @type {boolean} */ kept) => {
      if (!kept) element.querySelector(selector)?.remove();
    };
    text(".t-who", row.who);
    text(".t-what", row.outward ? `→ ${row.what}` : row.what);
    text(".t-level", String(row.depth));
    text(".t-run", `×${row.run}`);
    text(".t-own", row.own);
    keep(".t-level", row.depth > INDENT_MAX);
    keep(".t-run", row.run > 0);
    keep(".t-orphan", row.orphan);
    keep(".t-err", row.failed);
    if (row.looped) element.querySelector(".t-run")?.classList.add("t-loop");
    if (row.hot) element.classList.add("t-hot");
    required(element, ".t-sw", HTMLElement).classList.add(row.colour);
    const link = required(element, "a", HTMLAnchorElement);
    link.href = `?span=${row.span}`;
    link.title = `${row.who} ${row.what}`;
    this.#bar(required(element, "svg.t-bar", SVGSVGElement), row);
    return element;
  }

  /** @param {SVGSVGElement} bar @param {Row} row */
  #bar(bar, row) {
    bar.classList.add(row.colour);
    const set = (/** @type {string} */ selector, /** @type {string} */ name, /** @type {string} */ value) =>
      bar.querySelector(selector)?.setAttribute(name, value);
    for (const rect of [".t-len", ".t-min", ".t-crit", ".t-critmin"]) set(rect, "x", `${row.x}%`);
    set(".t-len", "width", `${row.width}%`);
    set(".t-crit", "width", `${row.width}%`);
    if (!row.critical) for (const rect of bar.querySelectorAll(".t-crit, .t-critmin")) rect.remove();
    const label = bar.querySelector("text");
    if (!label) return;
    label.textContent = row.took;
    const end = row.x + row.width;
    const side = row.width >= LABEL_INSIDE ? "in" : end <= LABEL_BEFORE ? "after" : row.x > 16 ? "before" : "in";
    label.classList.add(`t-${side}`);
    label.setAttribute("x", `${side === "after" ? end : row.x}%`);
    label.setAttribute("dx", side === "before" ? "-6" : "6");
  }
}
