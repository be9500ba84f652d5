// @ts-check
// The search page: runs the search, shows spans as they are found, and can be stopped and
// continued.

import "../shell/zone.js";
import { count, time } from "../lib/format.js";
import { pageData, part } from "../lib/page-data.js";
import { Words } from "../lib/words.js";
import { LostTimes } from "./lost.js";
import { Rows } from "./rows.js";

/** @typedef {import("./rows.js").Item} Item */
/** @typedef {{ segments: number, of_segments: number, rows: number }} Scanned */
/** @typedef {{ items: Item[], complete: boolean, stopped?: "limit" | "time", next_before: string | null, scanned: Scanned, covered_from_ms: number, partial: boolean, lost: import("./lost.js").Lost[] }} Answer */
/** @typedef {{ live: string | null, words: Record<string, string> }} PageData */

/** Spans that one round requests. */
const ROUND = 100;

class Search {
  /** @type {EventSource | undefined} */
  #source;
  /** Cursor of the next round. */
  #before = "";
  /** Spans read in earlier rounds. */
  #scanned = 0;
  #lost = new LostTimes();

  /** @param {HTMLElement} root @param {string} live @param {Words} words */
  constructor(root, live, words) {
    this.live = live;
    this.words = words;
    this.rows = new Rows(part(root, "[data-search-rows]", HTMLTableSectionElement), words);
    this.found = part(root, "[data-search-found]", HTMLElement);
    this.progress = part(root, "[data-search-progress]", HTMLProgressElement);
    this.status = part(root, "[data-search-status]", HTMLElement);
    this.cancel = part(root, "[data-search-cancel]", HTMLButtonElement);
    this.again = part(root, "[data-search-again]", HTMLButtonElement);
    this.empty = part(root, "[data-search-empty]", HTMLElement);
    this.partial = part(root, "[data-search-partial]", HTMLElement);
    this.problem = part(root, "[data-search-problem]", HTMLElement);
    this.foot = part(root, "[data-search-foot]", HTMLElement);
    this.on = part(root, "[data-search-on]", HTMLButtonElement);
    this.root = root;
    this.cancel.addEventListener("click", () => this.#stop(this.words.say("find-cancelled")));
    this.again.addEventListener("click", () => this.#begin());
    this.on.addEventListener("click", () => this.#begin());
    addEventListener("pagehide", () => this.#close());
    addEventListener("pageshow", (event) => { if (event.persisted && this.cancel.hidden === false) this.#begin(); });
    this.#begin();
  }

  #begin() {
    this.#close();
    this.rows.beginRound();
    this.#show({ running: true });
    this.progress.value = 0;
    this.status.textContent = this.words.say("find-begins");
    const before = this.#before ? `&before=${encodeURIComponent(this.#before)}` : "";
    const source = new EventSource(`${this.live}&limit=${ROUND}${before}`);
    this.#source = source;
    /** @param {string} name @param {(data: any) => void} take */
    const on = (name, take) => source.addEventListener(name, (event) => take(JSON.parse(event.data)));
    on("progress", (data) => this.#tell(data));
    on("match", (data) => {
      this.rows.add(data.items, ROUND);
      this.found.hidden = this.rows.length === 0;
    });
    on("partial", (data) => this.#miss(data.lost));
    on("end", (data) => this.#end(data));
    on("problem", (data) => this.#fail(data.detail ?? ""));
    // Otherwise the browser would repeat the request from the beginning.
    source.onerror = () => this.#fail(this.words.say("find-lost"));
  }

  /** @param {Scanned} scanned */
  #tell(scanned) {
    this.progress.value = scanned.of_segments === 0 ? 1 : scanned.segments / scanned.of_segments;
    const values = { rows: count(this.#scanned + scanned.rows), found: count(this.rows.length) };
    this.status.textContent = this.words.say("find-running", values);
  }

  /** @param {Answer} answer */
  #end(answer) {
    this.#close();
    this.rows.endRound(answer.items);
    this.#scanned += answer.scanned.rows;
    this.#before = answer.next_before ?? "";
    this.progress.value = 1;
    const values = { rows: count(this.#scanned), found: count(this.rows.length) };
    this.status.textContent = this.words.say(answer.complete ? "find-done" : "find-so-far", values);
    this.#miss(answer.lost);
    // When data is damaged, nobody can say that there is no match.
    const none = answer.complete && this.rows.length === 0 && this.#lost.isEmpty;
    this.#show({ running: false, more: !answer.complete, empty: none });
    const covered = { time: time(answer.covered_from_ms, "date-millis") };
    const why = answer.stopped === "time" ? "find-out-of-time" : "find-older";
    part(this.root, "[data-search-covered]", HTMLElement).textContent = this.words.say(why, covered);
  }

  /** @param {import("./lost.js").Lost[]} lost */
  #miss(lost) {
    this.#lost.add(lost);
    this.partial.hidden = this.#lost.isEmpty;
    if (!this.#lost.isEmpty) this.partial.textContent = this.#lost.sentence(this.words);
  }

  /** @param {string} detail */
  #fail(detail) {
    this.#stop(this.words.say("find-failed"));
    part(this.root, "[data-search-problem-text]", HTMLElement).textContent = detail;
    this.problem.hidden = false;
  }

  /** @param {string} why */
  #stop(why) {
    this.#close();
    this.#show({ running: false });
    this.status.textContent = why;
    this.again.hidden = false;
    this.again.focus();
  }

  #close() {
    this.#source?.close();
    this.#source = undefined;
  }

  /** @param {{ running: boolean, more?: boolean, empty?: boolean }} state */
  #show({ running, more = false, empty = false }) {
    this.cancel.hidden = !running;
    this.progress.hidden = !running;
    this.again.hidden = true;
    this.problem.hidden = true;
    this.foot.hidden = !more;
    this.empty.hidden = !empty;
    this.found.hidden = this.rows.length === 0;
  }
}

const data = /** @type {PageData} */ (pageData("page-data"));
const root = document.querySelector("[data-attribute-search]");
if (data.live && root instanceof HTMLElement) new Search(root, data.live, new Words(data.words));
