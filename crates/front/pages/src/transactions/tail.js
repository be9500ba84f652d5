// @ts-check
// The live tail: new rows at the top, held while somebody reads, and never more than the limit.

import { count, time } from "../lib/format.js";
import { showClock, showState } from "../lib/live-pill.js";
import { part } from "../lib/page-data.js";
import { Stream } from "../lib/stream.js";
import { tellDuration, tellTime } from "../lib/times.js";

/**
 * @typedef {object} Item
 * @property {string} trace_id
 * @property {string} span_id
 * @property {string} service
 * @property {string} operation
 * @property {string} instance
 * @property {string} version
 * @property {number} end_ms
 * @property {number} duration_ms
 * @property {"ok" | "slow" | "error"} outcome
 * @property {number} [http_status]
 * @property {string} [error_type]
 *
 * @typedef {{ now_ms: number, count: number, items: Item[] }} News
 */

/** Most rows on the page, and most rows that are held. Older ones are dropped. */
const MOST = 200;

export class Tail {
  /** Transactions that arrived while somebody read, newest first. @type {Item[]} */
  #held = [];
  #heldCount = 0;
  /** Whether the held transactions replace the rows. */
  #anew = false;
  #total = 0;
  #sinceMs = 0;
  #over = false;

  /**
   * @param {HTMLElement} root
   * @param {string} live where transactions stream from
   * @param {import("../lib/words.js").Words} words
   */
  constructor(root, live, words) {
    this.root = root;
    this.words = words;
    this.template = part(document, "template#tail-row", HTMLTemplateElement);
    this.body = part(root, "tbody", HTMLTableSectionElement);
    this.status = part(root, "[data-tail-status]", HTMLElement);
    this.more = part(root, "[data-tail-held]", HTMLButtonElement);
    this.empty = part(root, "[data-tail-empty]", HTMLElement);
    const table = part(root, "[data-rows]", HTMLElement);
    // A finger neither hovers nor leaves.
    table.addEventListener("pointerenter", (event) => this.#hover(event.pointerType === "mouse"));
    table.addEventListener("pointerleave", () => this.#hover(false));
    table.addEventListener("focusout", () => setTimeout(() => this.#release()));
    addEventListener("scroll", () => this.#release(), { passive: true });
    this.more.addEventListener("click", () => {
      this.more.blur();
      scrollTo({ top: 0 });
      this.#flush();
    });
    new Stream(live, (news, whole) => this.#take(news, whole), showState);
  }

  /** @param {boolean} over */
  #hover(over) {
    this.#over = over;
    this.#release();
  }

  /** Whether somebody reads. The rows then stay where they are. */
  get #reading() {
    return this.#over || this.body.contains(document.activeElement) || this.root.getBoundingClientRect().top < 0;
  }

  /** @param {News} news @param {boolean} whole */
  #take(news, whole) {
    showClock(news.now_ms);
    if (whole) {
      this.#anew = true;
      this.#held = [];
      // After a pause, a snapshot has the listed transactions and those that arrived meanwhile.
      const shown = new Set([...this.body.rows].map((row) => spanOf(row)));
      this.#heldCount = news.items.filter((item) => !shown.has(item.span_id)).length;
      this.#total = 0;
      this.#sinceMs = news.now_ms;
    } else {
      this.#total += news.count;
      this.#heldCount += news.count;
    }
    this.#held.unshift(...news.items);
    this.#held.length = Math.min(this.#held.length, MOST);
    const hidden = whole ? 0 : news.count - news.items.length;
    const told = [this.words.say("tail-count", { count: count(this.#total), time: time(this.#sinceMs, "seconds") })];
    if (hidden > 0) told.push(this.words.say("tail-hidden", { count: count(hidden) }));
    this.status.textContent = told.join(" · ");
    this.#release();
  }

  #release() {
    if (!this.#reading) this.#flush();
    this.more.hidden = this.#heldCount === 0;
    if (this.#heldCount > 0) this.more.textContent = this.words.say("tail-held", { count: count(this.#heldCount) });
  }

  #flush() {
    const rows = this.#held.map((item) => this.#row(item));
    if (this.#anew) {
      this.body.replaceChildren(...rows);
    } else {
      for (const row of rows) row.classList.add("is-new");
      this.body.prepend(...rows);
    }
    while (this.body.rows.length > MOST) this.body.lastElementChild?.remove();
    this.#anew = false;
    this.#held = [];
    this.#heldCount = 0;
    this.more.hidden = true;
    this.empty.hidden = this.body.rows.length > 0;
  }

  /** @param {Item} item */
  #row(item) {
    const row = this.template.content.firstElementChild?.cloneNode(true);
    if (!(row instanceof HTMLTableRowElement)) throw new Error("the row's template is empty");
    part(row, ".mark", HTMLElement).classList.add(`mark-${item.outcome}`);
    part(row, ".hidden-visually", HTMLElement).textContent = this.words.say(`map-mark-${item.outcome}`);
    tellTime(part(row, "time", HTMLTimeElement), item.end_ms, "millis");
    tellDuration(part(row, ".number", HTMLElement), item.duration_ms);
    const link = part(row, "a", HTMLAnchorElement);
    link.href = `/traces/${item.trace_id}?span=${item.span_id}`;
    link.textContent = item.operation;
    link.title = item.operation;
    const status = item.http_status === undefined ? "" : String(item.http_status);
    const failure = item.error_type === status ? "" : item.error_type ?? "";
    const result = [status, failure].filter(Boolean).join(" ");
    /** @param {string} name @param {string} text */
    const tell = (name, text) => {
      const cell = row.querySelector(`[data-cell="${name}"]`);
      if (!(cell instanceof HTMLElement)) return;
      cell.textContent = text;
      cell.title = text;
    };
    tell("service", item.service);
    tell("result", result);
    tell("instance", item.instance);
    tell("version", item.version);
    if (item.outcome === "error") row.querySelector('[data-cell="result"]')?.classList.add("is-error");
    return row;
  }
}

/** @param {HTMLTableRowElement} row */
function spanOf(row) {
  const link = row.querySelector("a");
  return link ? new URL(link.href).searchParams.get("span") : null;
}
