// @ts-check
// The table of spans: sortable, and only the visible rows are drawn.

import { Rows } from "./data.js";
import { cloned, required } from "./element.js";
import { RowWindow } from "./window.js";

/** @import { Row, SortKey } from "./data.js" */

const ROW_HEIGHT = 28;
/** @type {readonly string[]} */
const KEYS = ["start", "gap", "service", "name", "took", "own", "status"];

export class SpanTable {
  /** @type {HTMLElement} */ #grid;
  /** @type {Rows} */ #rows;
  /** @type {RowWindow} */ #window;
  /** @type {(span: string) => void} */ #onSelect;
  /** @type {(sort: string) => void} */ #onSort;
  /** @type {SortKey} */ #key = "start";
  /** @type {number[]} */ #order = [];
  #descending = false;
  #span;

  /**
   * @param {HTMLElement} grid
   * @param {Rows} rows
   * @param {{span: string, sort: string, onSelect: (span: string) => void, onSort: (sort: string) => void}} options
   */
  constructor(grid, rows, options) {
    this.#grid = grid;
    this.#rows = rows;
    this.#span = options.span;
    this.#onSelect = options.onSelect;
    this.#onSort = options.onSort;
    this.#parse(options.sort);
    const canvas = required(grid, ".t-canvas", HTMLElement), layer = required(grid, ".t-layer", HTMLElement);
    this.#window = new RowWindow(grid, canvas, layer, ROW_HEIGHT, (index) => this.#draw(rows.at(index)));
    grid.addEventListener("click", (event) => this.#clicked(event));
    this.#sort();
  }

  /** @param {string} span */
  select(span) {
    this.#span = span;
    this.#window.redraw();
    this.#reveal();
  }

  #reveal() {
    const position = this.#order.indexOf(this.#rows.find(this.#span));
    if (position >= 0) this.#window.reveal(position, "center");
  }

  /** @param {string} sort */
  #parse(sort) {
    const key = sort.replace(/^-/, "");
    this.#descending = sort.startsWith("-");
    this.#key = KEYS.includes(key) ? /** @type {SortKey} */ (key) : "start";
  }

  #sort() {
    this.#order = this.#rows.sorted(this.#key, this.#descending);
    this.#window.show(this.#order);
    for (const header of this.#grid.querySelectorAll("[data-sort]")) {
      const mine = header.getAttribute("data-sort") === this.#key;
      const cell = header.closest('[role="columnheader"]');
      if (mine) cell?.setAttribute("aria-sort", this.#descending ? "descending" : "ascending");
      else cell?.removeAttribute("aria-sort");
    }
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    if (!(event.target instanceof Element) || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const header = event.target.closest("[data-sort]");
    if (header) {
      event.preventDefault();
      const key = header.getAttribute("data-sort") ?? "start";
      // Durations are sorted longest first, names and starts ascending.
      const first = ["gap", "took", "own", "status"].includes(key);
      const descending = key === this.#key ? !this.#descending : first;
      this.#parse(`${descending ? "-" : ""}${key}`);
      this.#sort();
      this.#onSort(`${this.#descending ? "-" : ""}${this.#key}`);
      return;
    }
    const row = event.target.closest("[data-span]");
    if (!(row instanceof HTMLElement)) return;
    event.preventDefault();
    this.#onSelect(row.dataset["span"] ?? "");
  }

  /** @param {Row} row */
  #draw(row) {
    const element = cloned("t-line");
    element.dataset["span"] = row.span;
    element.setAttribute("aria-selected", String(row.span === this.#span));
    const text = (/** @type {string} */ selector, /** @type {string} */ value) => {
      required(element, selector, HTMLElement).textContent = value;
    };
    text(".t-c-start", row.start);
    text(".t-c-gap", row.gap);
    text(".t-who", row.who);
    text(".t-what", row.outward ? `→ ${row.what}` : row.what);
    text(".t-c-took", row.took);
    text(".t-c-own", row.own);
    text(".t-result", row.result);
    required(element, ".t-sw", HTMLElement).classList.add(row.colour);
    required(element, "a", HTMLAnchorElement).href = `?view=table&span=${row.span}`;
    if (row.failed) element.classList.add("t-failed");
    else element.querySelector(".t-err")?.remove();
    return element;
  }
}
