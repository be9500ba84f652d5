// @ts-check
// The map by the time in calls instead of the response time. No rollup has that time, so the server
// reads spans for it. A live map is updated less often, and the line above it says so.

import { withQuery } from "../../lib/address.js";
import { time } from "../../lib/format.js";
import { part } from "../../lib/page-data.js";

/** @typedef {import("./map.js").HitMap} HitMap */
/** @typedef {import("./data.js").PageData} PageData */
/** @typedef {"" | "database" | "external"} SpentName */

/** Time between two reads of a live map. */
const PACE_MS = 10000;
const TOO_MUCH = 422;

/** @param {string} text @returns {SpentName} */
export function spentOf(text) {
  return text === "database" || text === "external" ? text : "";
}

export class Spent {
  /** @type {AbortController | undefined} */
  #asking;
  #readAt = -Infinity;

  /**
   * @param {HitMap} map
   * @param {PageData} data
   * @param {() => void} onRead the map has other data
   */
  constructor(map, data, onRead) {
    this.map = map;
    this.data = data;
    this.onRead = onRead;
    this.line = part(map.panel, "[data-map-spent]", HTMLElement);
  }

  get name() {
    return this.map.spent;
  }

  /** Whether the map waits for an answer. Data that arrives meanwhile must not be lost. */
  get reading() {
    return this.#asking !== undefined;
  }

  /** @param {SpentName} name */
  choose(name) {
    if (name === this.name) return;
    this.map.setSpent(name);
    this.#tell(name, null);
    void this.read(this.map.model.toMs);
  }

  /** Reads a live map again when it is due. The stream does not update it. @param {number} nowMs */
  renew(nowMs) {
    if (!this.name || this.reading || performance.now() - this.#readAt < PACE_MS) return;
    const { columnMs } = this.map.model;
    void this.read((Math.floor(nowMs / columnMs) + 1) * columnMs);
  }

  /** Reads the window that ends at `to`. @param {number} to */
  async read(to) {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const { model } = this.map;
    const name = this.name;
    const slow = setTimeout(() => this.map.body.setAttribute("aria-busy", "true"), 150);
    try {
      const url = withQuery("/api/v1/hitmap", {
        service: this.data.service, y: name, from: to - (model.toMs - model.fromMs), to, ...this.data.filters,
      });
      const answer = await fetch(url, { signal: asking.signal, headers: { accept: "application/json" } });
      if (!answer.ok) {
        this.#fail(answer.status === TOO_MUCH ? "map-spent-too-much" : "map-spent-failed");
        return;
      }
      const fresh = await answer.json();
      // During a drag nothing moves; a live map is read again later.
      if (this.map.held) return;
      model.reset(fresh.from_ms, fresh.to_ms, fresh.column_ms, fresh.cells);
      this.map.patterns = fresh.patterns;
      this.#tell(name, fresh.expired_before_ms);
      const first = this.map.instead !== "";
      this.map.instead = "";
      if (first) this.map.fitAgain();
      else this.map.refresh();
      this.onRead();
    } catch {
      if (!asking.signal.aborted) this.#fail("map-spent-failed");
    } finally {
      clearTimeout(slow);
      if (this.#asking === asking) {
        this.#asking = undefined;
        this.#readAt = performance.now();
        this.map.body.removeAttribute("aria-busy");
      }
    }
  }

  /** @param {string} key */
  #fail(key) {
    // The earlier answer is removed, so that nobody takes it for the present one.
    this.map.clear(key);
  }

  /** @param {SpentName} name @param {number | null} expired */
  #tell(name, expired) {
    this.line.hidden = name === "";
    if (!name) return;
    const { words } = this.map;
    const sentences = [words.say(`map-spent-${name}`)];
    if (this.data.live) sentences.push(words.say("map-spent-pace", { seconds: String(PACE_MS / 1000) }));
    if (expired) sentences.push(words.say("map-spent-expired", { time: time(expired, "date") }));
    const text = sentences.join(" ");
    if (this.line.textContent !== text) this.line.textContent = text;
  }
}
