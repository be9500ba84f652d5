// @ts-check
// The live badge in the top bar: live, reconnecting, stale or paused, and the time of the newest
// data.

import { time, zoneName } from "./format.js";

const pill = document.querySelector("[data-live-pill]");
const word = pill?.querySelector("[data-live-word]");
const clock = pill?.querySelector("[data-live-clock]");

/** @param {import("./stream.js").StreamState} state @param {number} seconds */
export function showState(state, seconds) {
  if (!(pill instanceof HTMLElement) || !word) return;
  pill.dataset["state"] = state;
  const words = pill.dataset;
  const stale = (words["wordsStale"] ?? "").replace("{seconds}", String(seconds));
  const text = {
    live: words["wordsLive"] ?? "",
    reconnecting: words["wordsReconnecting"] ?? "",
    stale,
    paused: words["wordsPaused"] ?? "",
  }[state];
  if (word.textContent !== text) word.textContent = text;
}

/** @param {number} nowMs */
export function showClock(nowMs) {
  if (clock) clock.textContent = `${time(nowMs, "seconds")} ${zoneName(nowMs)}`;
}
