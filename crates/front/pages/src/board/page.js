// @ts-check
// Keeps the board up to date: numbers and sparklines from the stream, verdicts and order from the
// server.

import { copyFrom } from "../lib/copy.js";
import { number, percent } from "../lib/format.js";
import { helpIsOpen, takeHelps } from "../lib/help.js";
import { showClock, showState } from "../lib/live-pill.js";
import { pageData, part } from "../lib/page-data.js";
import { Stream } from "../lib/stream.js";
import { retellTimes } from "../lib/times.js";
import { setAddress, withQuery } from "../lib/address.js";
import { Minis } from "./mini.js";
import { sparkPath } from "./spark.js";

/**
 * @typedef {{ streams: boolean, live: boolean, from_ms: number, to_ms: number, empty: boolean, filtered: boolean, environment: string, tiles: [string, string, string][] }} BoardData
 * @typedef {{ start_ms: number, ok: number, slow: number, error: number, p95_ms: number | null }} Point
 * @typedef {{ now_ms: number, column_ms: number, services: { service: string, namespace: string, environment: string, columns: Point[] }[] }} LiveServices
 */

/** Verdicts are computed over minutes; requesting them more often shows nothing new. */
const RENEW_MS = 5000;
/** Typed text is sent after a pause of this length. */
const TYPED_MS = 200;

let data = /** @type {BoardData} */ (pageData("board-data"));
const length = data.to_ms - data.from_ms;
/** Columns of each service, by their start. @type {Map<string, Map<number, Point>>} */
const services = new Map();
const minis = new Minis();
let renewedAt = performance.now();
let renewing = false;
/** Whether an update was requested during an update: the URL may have changed. */
let again = false;

/** @param {string[]} key */
const keyText = (key) => JSON.stringify(key);

function board() {
  return part(document, "[data-board]", HTMLElement);
}

/** Fetches the board from the server and replaces the one shown. */
async function renew() {
  if (renewing) {
    again = true;
    return;
  }
  if (helpIsOpen()) return;
  renewing = true;
  renewedAt = performance.now();
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focused = document.activeElement instanceof HTMLAnchorElement && board().contains(document.activeElement)
      ? document.activeElement.getAttribute("href") : null;
    takeHelps(page);
    for (const part of ["counts", "by", "groups"]) {
      const fresh = page.querySelector(`[data-board] [data-fresh="${part}"]`);
      const old = board().querySelector(`[data-fresh="${part}"]`);
      if (!fresh || !old) continue;
      if (part === "groups") keepMinis(old, fresh);
      old.replaceWith(document.adoptNode(fresh));
    }
    data = /** @type {BoardData} */ (pageData("board-data"));
    retellTimes(board());
    if (focused && !board().contains(document.activeElement)) {
      const link = [...board().querySelectorAll("a")].find((each) => each.getAttribute("href") === focused);
      link?.focus({ preventScroll: true });
    }
    follow();
  } finally {
    renewing = false;
    if (again) {
      again = false;
      void renew();
    }
  }
}

/** Moves small maps that are drawn to their new tiles. @param {Element} old @param {Element} fresh */
function keepMinis(old, fresh) {
  /** @param {Element} root @returns {[string, Element][]} */
  const found = (root) => [...root.querySelectorAll("canvas[data-mini]")].map((canvas) => [
    canvas.closest("[data-tile]")?.querySelector("a")?.getAttribute("href") ?? "", canvas,
  ]);
  const drawn = new Map(found(old));
  for (const [key, canvas] of found(fresh)) {
    const before = drawn.get(key);
    if (before) canvas.replaceWith(before);
    else minis.forget();
  }
}

/** @param {LiveServices} live @param {boolean} whole */
function take(live, whole) {
  if (whole) services.clear();
  let unknown = false;
  const known = new Set(data.tiles.map(keyText));
  for (const service of live.services) {
    const key = keyText([service.service, service.namespace, service.environment]);
    if (!data.filtered && data.streams && !known.has(key) && service.columns.length && (!data.environment || data.environment === service.environment)) unknown = true;
    const columns = services.get(key) ?? new Map();
    services.set(key, columns);
    for (const point of service.columns) columns.set(point.start_ms, point);
  }
  const to = (Math.floor(live.now_ms / live.column_ms) + 1) * live.column_ms;
  const range = { from: to - length, to };
  paint(range, live.column_ms, live.now_ms);
  void minis.draw(board(), data.tiles, range);
  if (unknown || performance.now() - renewedAt > RENEW_MS) void renew();
}

/** @param {{ from: number, to: number }} range @param {number} columnMs @param {number} nowMs */
function paint({ from, to }, columnMs, nowMs) {
  for (const tile of board().querySelectorAll("[data-tile]")) {
    const key = data.tiles[Number(tile.getAttribute("data-tile"))];
    const columns = key && services.get(keyText(key));
    if (!columns) continue;
    for (const start of columns.keys()) if (start < from) columns.delete(start);
    const rates = [];
    const tails = [];
    let total = 0;
    let failed = 0;
    for (let start = from; start < to; start += columnMs) {
      const point = columns.get(start);
      const sum = point ? point.ok + point.slow + point.error : 0;
      total += sum;
      failed += point?.error ?? 0;
      // The last column is left out while it is incomplete, because it would look like a drop.
      if (start + columnMs > nowMs) continue;
      rates.push(sum);
      tails.push(point?.p95_ms ?? null);
    }
    set(tile, "[data-rate]", number(total / ((to - from) / 1000)));
    // Next to a sentence with the same number, the share changes only with the sentence.
    if (!tile.querySelector(".tile-why")) set(tile, "[data-errors]", percent(total ? failed / total : 0));
    spark(tile, "rate", rates);
    spark(tile, "p95", tails);
  }
}

/** @param {Element} tile @param {string} selector @param {string} text */
function set(tile, selector, text) {
  const element = tile.querySelector(selector);
  if (element && element.textContent !== text) element.textContent = text;
}

/** @param {Element} tile @param {string} name @param {(number | null)[]} values */
function spark(tile, name, values) {
  const paths = tile.querySelectorAll(`[data-spark="${name}"] path`);
  const { line, end } = sparkPath(values);
  paths[0]?.setAttribute("d", line);
  paths[1]?.setAttribute("d", end);
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copy-button]") : null;
  const text = button?.parentElement?.querySelector("[data-copy-text]")?.textContent;
  if (button instanceof HTMLElement && text) void copyFrom(button, text, button.dataset["copied"] ?? "");
});

let streaming = false;

/** Small tiles have nothing to stream. When a filter leaves few tiles, they are large. */
function follow() {
  if (streaming || !data.live || !(data.streams || data.empty)) return;
  streaming = true;
  new Stream(withQuery("/api/v1/live", { environment: data.environment }), (live, whole) => {
    showClock(live.now_ms);
    take(live, whole);
  }, showState);
}

const filter = document.querySelector("[data-board-filter]");
if (filter instanceof HTMLFormElement) {
  let typed = 0;
  filter.addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(() => {
      setAddress({ q: String(new FormData(filter).get("q") ?? "").trim() }, "replace");
      void renew();
    }, TYPED_MS);
  });
  filter.addEventListener("submit", (event) => event.preventDefault());
}

follow();
if (data.live && !streaming) {
  const ahead = data.to_ms - Date.now();
  setInterval(() => {
    if (document.hidden || streaming) return;
    showState("live", 0);
    showClock(Date.now() + Math.min(0, ahead));
    if (performance.now() - renewedAt > 3 * RENEW_MS) void renew();
  }, 1000);
} else if (!data.live) {
  void minis.draw(board(), data.tiles, { from: data.from_ms, to: data.to_ms });
}
