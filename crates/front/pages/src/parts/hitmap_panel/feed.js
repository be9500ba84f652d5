// @ts-check
// Keeps a live page up to date: by the stream when that covers the range, else by repeated
// requests.

import { withQuery } from "../../lib/address.js";
import { showClock, showState } from "../../lib/live-pill.js";
import { Stream } from "../../lib/stream.js";

/** @typedef {import("./data.js").PageData} PageData */
/** @typedef {import("./data.js").LiveData} LiveData */

/**
 * @param {PageData} data
 * @param {(live: LiveData, whole: boolean) => void} onLive
 * @param {(now: number) => Promise<void>} onAsk called every so often for long ranges
 */
export function feed(data, onLive, onAsk) {
  if (!data.live) return;
  if (data.streams) {
    const url = withQuery("/api/v1/live", {
      service: data.service, view: data.service ? null : "hitmap", ...data.filters,
    });
    new Stream(url, (live, whole) => {
      showClock(live.now_ms);
      onLive(live, whole);
    }, showState);
    return;
  }
  const every = Math.min(60000, Math.max(5000, data.column_ms / 5));
  const ahead = data.now_ms - Date.now();
  let asked = performance.now();
  let failed = false;
  setInterval(() => {
    if (document.hidden) {
      showState("paused", 0);
      return;
    }
    const now = Date.now() + ahead;
    if (!failed) {
      showState("live", 0);
      showClock(now);
    } else {
      showState("reconnecting", 0);
    }
    if (performance.now() - asked < every) return;
    asked = performance.now();
    onAsk(now).then(() => { failed = false; }, () => { failed = true; });
  }, 1000);
}
