// @ts-check
// The same window of another time, moved under this one: its cells, and its counts beside the
// present ones.

import { withQuery } from "../../lib/address.js";
import { count, number, percent, time } from "../../lib/format.js";
import { part } from "../../lib/page-data.js";
import { MapModel } from "./model.js";

/** @typedef {import("./map.js").HitMap} HitMap */
/** @typedef {import("./data.js").PageData} PageData */
/** @typedef {"" | "yesterday" | "last-week"} ThenName */

const DAY_MS = 86400000;
/** How far back each other time is, by its name in the URL. @type {Record<string, number>} */
const BACK_MS = { "yesterday": DAY_MS, "last-week": 7 * DAY_MS };
/** Least time between a failure and the next request. */
const AGAIN_MS = 5000;

/** @param {string} text @returns {ThenName} */
export function thenOf(text) {
  return text === "yesterday" || text === "last-week" ? text : "";
}

export class Then {
  /** @type {AbortController | undefined} */
  #asking;
  #failedAt = -Infinity;
  /** The range that was requested, in this window's time. */
  #asked = { from: 0, to: 0 };

  /**
   * @param {HitMap} map
   * @param {PageData} data
   * @param {() => Record<string, string | number | null | undefined>} query parameters beside the range
   */
  constructor(map, data, query) {
    this.map = map;
    this.data = data;
    this.query = query;
    this.line = part(map.panel, "[data-map-then]", HTMLElement);
    /** @type {ThenName} */
    this.name = "";
    /** The other time's columns, moved to this window's times. @type {MapModel | undefined} */
    this.model = undefined;
    this.partial = false;
    this.nowMs = data.now_ms;
  }

  get backMs() {
    return BACK_MS[this.name] ?? 0;
  }

  /** @param {ThenName} name */
  choose(name) {
    if (name === this.name) return;
    this.name = name;
    this.forget();
    this.renew();
  }

  /** Removes the data, because it belongs to another query. */
  forget() {
    this.#asking?.abort();
    this.#asking = undefined;
    this.model = undefined;
    this.#failedAt = -Infinity;
    this.#asked = { from: 0, to: 0 };
    this.map.setThen(undefined);
    this.tell();
  }

  /** The window has moved or has new data: requests what is missing. */
  renew() {
    if (!this.name) return;
    this.tell();
    const { fromMs, toMs } = this.map.model;
    if (this.#asking || (fromMs >= this.#asked.from && toMs <= this.#asked.to)) return;
    if (performance.now() - this.#failedAt < AGAIN_MS) return;
    // When the stream moves the window, the next window is requested ahead, with one request for
    // all of its columns.
    const follows = this.data.streams && this.model && fromMs < this.#asked.to && fromMs >= this.#asked.from;
    const from = follows ? this.#asked.to : fromMs;
    void this.#ask(from, from + (toMs - fromMs), !follows);
  }

  /** @param {number} from @param {number} to @param {boolean} anew */
  async #ask(from, to, anew) {
    const asking = new AbortController();
    this.#asking = asking;
    const back = this.backMs;
    try {
      const url = withQuery("/api/v1/hitmap", { ...this.query(), from: from - back, to: to - back });
      const answer = await fetch(url, { signal: asking.signal, headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      this.#take(await answer.json(), back, anew);
      this.#asked = { from: anew ? from : this.#asked.from, to };
      this.#failedAt = -Infinity;
    } catch {
      if (asking.signal.aborted) return;
      this.#failedAt = performance.now();
    }
    this.#asking = undefined;
    this.map.setThen(this.model);
    this.tell();
  }

  /** @param {any} fresh @param {number} back @param {boolean} anew */
  #take(fresh, back, anew) {
    const [from, to] = [fresh.from_ms + back, fresh.to_ms + back];
    const had = this.model;
    this.partial = fresh.partial || (!anew && this.partial);
    if (!anew && had && had.columnMs === fresh.column_ms && from <= had.toMs) {
      had.extend(from, to, fresh.cells);
      had.forgetBefore(this.map.model.fromMs);
      return;
    }
    this.model = new MapModel(from, to, fresh.column_ms);
    this.model.reset(from, to, fresh.column_ms, fresh.cells);
  }

  /**
   * The range in which both have complete columns that cannot grow any more, in this window's time.
   */
  #common() {
    const now = this.map.model;
    const then = this.model;
    if (!then) return undefined;
    const step = Math.max(then.columnMs, now.columnMs);
    const grid = then.columnMs >= now.columnMs ? then.fromMs : now.fromMs;
    const least = Math.max(now.fromMs, then.fromMs);
    const most = Math.min(now.toMs, then.toMs, this.data.live ? this.nowMs : Infinity);
    const from = grid + Math.ceil((least - grid) / step) * step;
    const to = grid + Math.floor((most - grid) / step) * step;
    return from < to ? { from, to } : undefined;
  }

  /** Updates the line above the map: the other time and now, over the same range. */
  tell() {
    const { words } = this.map;
    this.line.hidden = this.name === "";
    if (!this.name) return;
    const common = this.#common();
    const name = words.say(`vs-${this.name}`);
    if (!common || !this.model) {
      const key = performance.now() - this.#failedAt < AGAIN_MS ? "map-then-failed" : this.#asking || !this.model ? "map-then-asking" : "map-then-short";
      this.#put([this.#text("b", name), this.#text("span", words.say(key))]);
      return;
    }
    const back = this.backMs;
    const dated = common.to - common.from > DAY_MS ? "date" : "minutes";
    const times = `${time(common.from - back, dated)}–${time(common.to - back, dated)}`;
    const then = this.model.totals(common.from, common.to);
    const sumThen = then.ok + then.slow + then.error;
    if (!sumThen) {
      this.#put([this.#key(), this.#text("b", `${name} ${times}`), this.#text("span", words.say("map-then-none"))]);
      return;
    }
    const now = this.map.model.totals(common.from, common.to);
    const sumNow = now.ok + now.slow + now.error;
    const head = this.#text("b", `${name} ${times}`);
    const exact = dated === "date" ? "date" : "seconds";
    head.title = `${time(common.from - back, exact)}–${time(common.to - back, exact)}\n${words.say("map-then-help")}`;
    this.#put([
      this.#key(), head,
      this.#pair("ok", "map-then-transactions", sumThen, sumNow),
      this.#pair("slow", "map-then-slow", then.slow, now.slow),
      this.#pair("error", "map-then-errors", then.error, now.error),
      ...(this.partial ? [this.#text("span", words.say("map-then-partial"))] : []),
    ]);
  }

  /** @param {HTMLElement[]} parts */
  #put(parts) {
    // This runs every second, and mostly nothing has changed.
    const text = parts.map((one) => one.outerHTML).join("");
    if (this.#told === text) return;
    this.#told = text;
    this.line.replaceChildren(...parts);
  }

  #told = "";

  #key() {
    const key = document.createElement("i");
    key.className = "then-key";
    key.setAttribute("aria-hidden", "true");
    return key;
  }

  /** @param {"b" | "span"} name @param {string} text */
  #text(name, text) {
    const element = document.createElement(name);
    element.textContent = text;
    return element;
  }

  /** @param {"ok" | "slow" | "error"} kind @param {string} key @param {number} then @param {number} now */
  #pair(kind, key, then, now) {
    const pair = document.createElement("span");
    pair.dataset["then"] = kind;
    const mark = document.createElement("i");
    mark.className = `mark mark-${kind}`;
    mark.setAttribute("aria-hidden", "true");
    pair.append(mark, this.map.words.say(key, { then: count(then), now: count(now) }));
    if (then > 0 && then !== now) {
      const change = now / then - 1;
      // A factor is easier to read than thousands of percent.
      const small = this.#text("span", change >= 9 ? `×${number(now / then)}` : `${change > 0 ? "+" : "−"}${percent(Math.abs(change))}\u00a0%`);
      small.className = "note";
      pair.append(small);
    }
    return pair;
  }
}
