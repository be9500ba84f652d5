// @ts-check
// The list of one selection's transactions beside the map: all of them, one page at a time.

import { withQuery } from "../../lib/address.js";
import { copyFrom } from "../../lib/copy.js";
import { count, durationText, time } from "../../lib/format.js";
import { part } from "../../lib/page-data.js";
import { tellDuration, tellTime } from "../../lib/times.js";
import { Differences } from "./differences.js";

/** @typedef {import("./data.js").Selection} Selection */
/** @typedef {import("./data.js").Transaction} Transaction */
/** @typedef {import("./data.js").TransactionPage} TransactionPage */
/** @typedef {import("./map.js").HitMap} HitMap */
/** @typedef {import("./map.js").Chosen} Chosen */

const PAGE = 50;
/** Live data may still arrive in a selection. It is requested at most this often. */
const RENEW_MS = 4000;

export class SelectionList {
  /** @type {Chosen} */
  #chosen;
  #element;
  /** Cursors of the pages up to the present one. The first page has an empty cursor. @type {string[]} */
  #cursors = [""];
  /** @type {AbortController | undefined} */
  #asking;
  #differences;
  #shownAt = 0;
  #counted = -1;

  /**
   * @param {HTMLElement} side
   * @param {HitMap} map
   * @param {import("./data.js").PageData} data
   * @param {Chosen} chosen
   * @param {{ close: () => void, keep: () => void }} act
   */
  constructor(side, map, data, chosen, act) {
    this.map = map;
    this.data = data;
    this.words = map.words;
    this.#chosen = chosen;
    this.#element = this.#open(act);
    this.#differences = new Differences(this.#element, this.words);
    side.append(this.#element);
  }

  get chosen() {
    return this.#chosen;
  }

  /** Shows another selection, from its first page. @param {Chosen} chosen */
  show(chosen) {
    this.#asking?.abort();
    this.#chosen = chosen;
    this.#cursors = [""];
    this.#counted = -1;
    chosen.total = undefined;
    this.#tellHead();
    void this.#ask("");
    this.#compare();
  }

  /** Removes the list from the page. */
  close() {
    this.#asking?.abort();
    this.#differences.stop();
    this.#element.remove();
  }

  /**
   * Sets the letter of this list: with two selections, letters tell boxes and lists apart.
   * @param {string} letter empty when it is the only one
   * @param {boolean} kept whether the next drag leaves it as it is
   */
  name(letter, kept) {
    const shown = part(this.#element, "[data-selection-letter]", HTMLElement);
    shown.textContent = letter;
    shown.hidden = letter === "";
    const keep = part(this.#element, "[data-selection-keep]", HTMLButtonElement);
    keep.hidden = letter !== "";
    keep.setAttribute("aria-pressed", String(kept));
    for (const [id, selector] of [["selection-title", "[data-selection-title]"], ["differences-title", "[data-differences] h3"]]) {
      const title = part(this.#element, selector ?? "", HTMLElement);
      title.id = `${id}${letter && `-${letter}`}`;
      title.closest("section")?.setAttribute("aria-labelledby", title.id);
    }
  }

  /** Requests what makes the selected transactions different from the rest of the map. */
  #compare() {
    const { selection } = this.#chosen;
    const { from: selected_from, to: selected_to, ...query } = this.#query(selection);
    const { fromMs, toMs } = this.map.model;
    void this.#differences.ask({ ...query, selected_from, selected_to, from: Math.min(fromMs, selection.t0), to: Math.max(toMs, selection.t1) });
  }

  /**
   * The map has new data: requests the list again when the map counts another number than the list.
   */
  renew() {
    const { selection } = this.#chosen;
    const inside = selection.t0 >= this.map.model.fromMs && selection.t1 <= this.map.model.toMs;
    const counted = this.#countedNow();
    if (!inside || counted === this.#counted) return;
    const listed = counted === this.#chosen.total;
    if (!listed && (this.#cursors.length > 1 || performance.now() - this.#shownAt < RENEW_MS)) return;
    this.#tellCounts();
    if (!listed) void this.#ask("");
  }

  /** Number of transactions that the map counts in the selection. */
  #countedNow() {
    const counts = this.map.countsOf(this.#chosen.selection);
    return counts.ok + counts.slow + counts.error;
  }

  /** @param {{ close: () => void, keep: () => void }} act */
  #open(act) {
    const template = part(document, "template#selection", HTMLTemplateElement);
    const element = template.content.firstElementChild?.cloneNode(true);
    if (!(element instanceof HTMLElement)) throw new Error("the selection's template is empty");
    part(element, "[data-selection-close]", HTMLButtonElement).addEventListener("click", act.close);
    part(element, "[data-selection-keep]", HTMLButtonElement).addEventListener("click", act.keep);
    const copy = part(element, "[data-selection-copy]", HTMLButtonElement);
    copy.addEventListener("click", () => void copyFrom(copy, location.href, this.words.say("copied")));
    part(element, "[data-selection-next]", HTMLButtonElement).addEventListener("click", () => this.#turn(1));
    part(element, "[data-selection-previous]", HTMLButtonElement).addEventListener("click", () => this.#turn(-1));
    element.addEventListener("keydown", (event) => this.#walk(event));
    return element;
  }

  /** Parameters that select the same in the API and on other pages. @param {Selection} selection */
  #query({ t0, t1, d0, d1 }) {
    const filters = { ...this.data.filters };
    return {
      service: this.data.service,
      from: t0,
      to: t1,
      min_ms: d0 === 0 ? null : d0,
      max_ms: d1,
      y: this.map.spent,
      outcome: this.map.model.outcome,
      ...filters,
    };
  }

  #tellHead() {
    const element = this.#element;
    const { selection } = this.#chosen;
    const { service, environment, ...query } = { environment: undefined, ...this.#query(selection) };
    const page = { ...query, environment };
    // The page of the list supports response times only.
    const { spent } = this.map;
    part(element, "[data-selection-list]", HTMLElement).hidden = spent !== "";
    part(element, "[data-selection-took]", HTMLElement).textContent = this.words.say(spent ? `spent-${spent}` : "column-took");
    const list = service ? `/services/${encodeURIComponent(service)}/transactions` : "/transactions";
    part(element, "[data-selection-list]", HTMLAnchorElement).href = withQuery(list, page);
    part(element, "[data-selection-csv]", HTMLAnchorElement).href = withQuery("/csv/transactions", { ...page, service });
    part(element, "[data-selection-times]", HTMLElement).textContent = this.map.timesText(selection);
    part(element, "[data-selection-durations]", HTMLElement).textContent = this.map.durationsText(selection);
    this.#tellCounts();
  }

  #tellCounts() {
    const element = this.#element;
    const counts = this.map.countsOf(this.#chosen.selection);
    this.#counted = this.#countedNow();
    // In a region that is only partly on the map, the map counts only that part.
    const { t0, t1 } = this.#chosen.selection;
    const whole = t0 >= this.map.model.fromMs && t1 <= this.map.model.toMs;
    const parts = /** @type {const} */ (["error", "slow", "ok"]).filter((kind) => whole && counts[kind] > 0).map((kind) => {
      const item = document.createElement("span");
      const mark = document.createElement("i");
      mark.className = `mark mark-${kind}`;
      mark.setAttribute("aria-hidden", "true");
      item.append(mark, this.words.say(`map-cell-${kind}`, { count: count(counts[kind]) }));
      return item;
    });
    if (!whole) {
      const outside = t1 <= this.map.model.fromMs || t0 >= this.map.model.toMs;
      const note = document.createElement("span");
      note.className = "note";
      note.textContent = this.words.say(outside ? "map-selection-outside" : "map-selection-partly");
      parts.push(note);
    }
    part(element, "[data-selection-counts]", HTMLElement).replaceChildren(...parts);
    const title = part(element, "[data-selection-title]", HTMLElement);
    const shown = this.#chosen.total ?? this.#counted;
    title.textContent = this.words.say("map-selected", { count: count(shown) });
  }

  /** @param {1 | -1} step */
  #turn(step) {
    if (step < 0 && this.#cursors.length > 1) this.#cursors.pop();
    else if (step > 0 && this.#next) this.#cursors.push(this.#next);
    void this.#ask(this.#cursors.at(-1) ?? "");
  }

  /** @type {string | null} */
  #next = null;

  /** @param {string} cursor */
  async #ask(cursor) {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const element = this.#element;
    const slow = setTimeout(() => element.setAttribute("aria-busy", "true"), 150);
    try {
      const url = withQuery("/api/v1/transactions", { ...this.#query(this.#chosen.selection), limit: PAGE, cursor });
      const answer = await fetch(url, { signal: asking.signal, headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      /** @type {TransactionPage} */
      const page = await answer.json();
      this.#shownAt = performance.now();
      this.#fill(page);
    } catch (error) {
      if (asking.signal.aborted) return;
      this.#message(this.words.say("map-list-failed"));
    } finally {
      clearTimeout(slow);
      if (this.#asking === asking) element.removeAttribute("aria-busy");
    }
  }

  /** @param {TransactionPage} page */
  #fill(page) {
    const element = this.#element;
    this.#next = page.next_cursor;
    this.#chosen.total = page.total;
    part(element, "[data-selection-title]", HTMLElement).textContent = this.words.say("map-selected", { count: count(page.total) });
    // A map that is read from spans may arrive before its list.
    if (this.#countedNow() === page.total) this.#tellCounts();
    const template = part(document, "template#selection-row", HTMLTemplateElement);
    const rows = page.items.map((item) => this.#row(template, item));
    part(element, "[data-selection-rows]", HTMLElement).replaceChildren(...rows);
    const before = (this.#cursors.length - 1) * PAGE;
    const place = page.items.length
      ? this.words.say("map-page", { first: count(before + 1), last: count(before + page.items.length), total: count(page.total) })
      : "";
    part(element, "[data-selection-place]", HTMLElement).textContent = place;
    part(element, "[data-selection-next]", HTMLButtonElement).disabled = page.next_cursor === null;
    part(element, "[data-selection-previous]", HTMLButtonElement).disabled = this.#cursors.length === 1;
    const expired = page.expired_before_ms;
    const older = expired ? this.words.say("list-expired", { time: time(expired, "date") }) : "";
    this.#message(older || (page.items.length ? "" : this.words.say("map-none")));
    this.map.paintMarks();
  }

  /** @param {HTMLTemplateElement} template @param {Transaction} item */
  #row(template, item) {
    const row = template.content.firstElementChild?.cloneNode(true);
    if (!(row instanceof HTMLTableRowElement)) throw new Error("the row's template is empty");
    part(row, ".mark", HTMLElement).classList.add(`mark-${item.outcome}`);
    part(row, ".line-mark span", HTMLElement).textContent = this.words.say(`map-mark-${item.outcome}`);
    tellTime(part(row, "time", HTMLTimeElement), item.end_ms, this.map.model.columnMs >= 3600000 ? "date" : "millis");
    const took = part(row, ".line-took", HTMLElement);
    if (item.spent_ms !== undefined) took.title = `${this.words.say("column-took")} ${durationText(item.duration_ms)}`;
    tellDuration(took, item.spent_ms ?? item.duration_ms);
    const link = part(row, "a", HTMLAnchorElement);
    link.href = `/traces/${item.trace_id}?span=${item.span_id}`;
    link.textContent = this.data.service ? item.operation : `${item.service} ${item.operation}`;
    link.title = [item.operation, item.http_status, item.error_type].filter(Boolean).join(" · ");
    return row;
  }

  /** @param {string} text */
  #message(text) {
    const message = part(this.#element, "[data-selection-message]", HTMLElement);
    message.textContent = text;
    message.hidden = text === "";
  }

  /** The up and down keys walk the rows. @param {KeyboardEvent} event */
  #walk(event) {
    const step = event.key === "ArrowDown" || event.key === "j" ? 1 : event.key === "ArrowUp" || event.key === "k" ? -1 : 0;
    if (!step) return;
    const links = [...this.#element.querySelectorAll(".line-link")].filter((link) => link instanceof HTMLAnchorElement);
    const at = links.findIndex((link) => link === document.activeElement);
    const next = links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + step))];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  /** Moves the reader's focus to the list's title. */
  focus() {
    part(this.#element, "h2", HTMLElement).focus();
  }
}
