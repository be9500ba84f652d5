// @ts-check
// Collects the stretches of time in which a running search has met damaged data, and tells them in
// one sentence.

import { count, time } from "../lib/format.js";

/** @typedef {{ from_ms: number, to_ms: number, table: string }} Lost */

/** Most stretches that are listed. Further ones are only counted. */
const NAMED = 3;
/** Beyond this, an end is unknown: it is the largest time of the server. */
const ENDLESS_MS = 9.2e12;

export class LostTimes {
  /** In order of time, without touching ones. @type {Lost[]} */
  #stretches = [];

  /** @param {Lost[]} lost */
  add(lost) {
    const all = [...this.#stretches, ...lost].sort((a, b) => a.from_ms - b.from_ms || a.to_ms - b.to_ms);
    this.#stretches = [];
    for (const stretch of all) {
      const last = this.#stretches.at(-1);
      if (last && stretch.from_ms <= last.to_ms) last.to_ms = Math.max(last.to_ms, stretch.to_ms);
      else this.#stretches.push({ ...stretch });
    }
  }

  get isEmpty() {
    return this.#stretches.length === 0;
  }

  /** @param {import("../lib/words.js").Words} words */
  sentence(words) {
    const named = this.#stretches.slice(0, NAMED).map(({ from_ms, to_ms }) => `${told(from_ms)} – ${told(to_ms)}`.trim());
    const more = this.#stretches.length - named.length;
    if (more > 0) named.push(words.say("lost-more", { count: count(more) }));
    return words.say("find-partial", { times: named.join("; ") });
  }
}

/** @param {number} ms */
function told(ms) {
  return Math.abs(ms) >= ENDLESS_MS ? "" : time(ms, "date");
}
