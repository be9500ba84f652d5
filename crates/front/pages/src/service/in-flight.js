// @ts-check
// How many transactions ran at the same time: a chart over the range, and bars by age for a recent
// instant.

import { Chart } from "../parts/charts/chart.js";
import { withQuery } from "../lib/address.js";
import { count, number } from "../lib/format.js";
import { pageData } from "../lib/page-data.js";
import { Words } from "../lib/words.js";

/**
 * @typedef {{ start_ms: number, mean: number, max: number | null }} Point
 * @typedef {{ from_ms: number, to_ms: number, column_ms: number, exact: boolean, points: Point[] }} InFlight
 * @typedef {{ at_ms: number, lag_ms: number, ages: { from_ms: number, count: number }[] | null, active: { requests: number, instances: number, since_ms: number } | null }} Running
 * @typedef {{ now_ms: number, live: boolean, streams: boolean, in_flight: InFlight, running: Running | null, query: Record<string, string>, words: Record<string, string> }} Data
 */

/** Update intervals. The chart reads single transactions, so it is not updated with every tick. */
const CHART_MS = 10000;
const AGES_MS = 2000;
/**
 * "Now" is the last minute, and a full bar stands for at least this many transactions; the same as
 * in in_flight.rs.
 */
const NOW_MS = 60000;
const BAR_LEAST = 10;

class InFlightView {
  /** @type {Point[]} */
  #points = [];

  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    this.root = root;
    this.words = new Words(data.words);
    const host = root.querySelector('[data-chart="in-flight"]');
    if (host instanceof HTMLElement) {
      const lines = [{ color: "--p95", width: 1.5, fill: true }, ...(data.in_flight.exact ? [{ color: "--p50", width: 1 }] : [])];
      this.chart = new Chart(host, { lines, tick: number, least: 1, beside: null, tip: (at) => this.#rows(at) }, []);
    }
  }

  /** @param {InFlight} fresh @param {number} nowMs */
  show(fresh, nowMs) {
    // The last column is left out while it is incomplete, because it would look like a drop.
    this.#points = fresh.points.filter((point) => point.start_ms + fresh.column_ms <= nowMs);
    const times = this.#points.map((point) => point.start_ms / 1000);
    const max = fresh.exact ? [this.#points.map((point) => point.max)] : [];
    this.chart?.update(/** @type {any} */ ([times, this.#points.map((point) => point.mean), ...max]));
    const recent = this.#points.slice(-Math.max(1, Math.ceil(NOW_MS / fresh.column_ms)));
    const mean = recent.reduce((sum, point) => sum + point.mean, 0) / Math.max(1, recent.length);
    this.#set("[data-in-flight-mean]", number(Number(mean.toPrecision(12))));
    this.#set("[data-in-flight-max]", count(Math.max(0, ...recent.map((point) => point.max ?? 0))));
  }

  /** @param {number} index @returns {import("../parts/charts/tip.js").Row[]} */
  #rows(index) {
    const point = this.#points[index];
    if (!point) return [];
    /** @type {import("../parts/charts/tip.js").Row[]} */
    const rows = [[this.words.say("in-flight-mean"), number(point.mean)]];
    if (point.max !== null) rows.push([this.words.say("in-flight-max"), count(point.max)]);
    return rows;
  }

  /** @param {Running} running */
  ages(running) {
    if (!running.ages) return;
    const seconds = String(Math.round(running.lag_ms / 1000));
    this.#set("[data-ages-ago]", this.words.say("in-flight-ago", { seconds }));
    const active = this.root.querySelector("[data-ages-active]");
    if (active instanceof HTMLElement) {
      active.hidden = running.active === null;
      const ago = running.active ? Math.max(0, Math.round((running.at_ms + running.lag_ms - running.active.since_ms) / 1000)) : 0;
      if (running.active) this.#set("[data-ages-active]", this.words.say("in-flight-active", { count: count(running.active.requests), seconds: String(ago) }));
    }
    const most = Math.max(BAR_LEAST, ...running.ages.map((age) => age.count));
    const bars = this.root.querySelectorAll("[data-age-bar]");
    const counts = this.root.querySelectorAll("[data-age-count]");
    running.ages.forEach((age, at) => {
      bars[at]?.setAttribute("width", `${(age.count / most) * 100}%`);
      const text = counts[at];
      if (text) text.textContent = count(age.count);
    });
  }

  /** @param {string} selector @param {string} text */
  #set(selector, text) {
    const element = this.root.querySelector(selector);
    if (element && element.textContent !== text) element.textContent = text;
  }
}

/** The page's panels; nothing if there are none. */
export function followInFlight() {
  const root = document.querySelector("[data-in-flight]");
  if (!(root instanceof HTMLElement)) return undefined;
  const data = /** @type {Data} */ (pageData("in-flight-data"));
  const view = new InFlightView(root, data);
  view.show(data.in_flight, data.live ? data.now_ms : data.in_flight.to_ms);

  /** @param {string} path @param {Record<string, number>} [asked] */
  async function ask(path, asked = {}) {
    const answer = await fetch(withQuery(path, { ...data.query, ...asked }));
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  let agesAsked = false;
  if (data.running?.ages) {
    setInterval(() => {
      if (document.hidden || agesAsked) return;
      agesAsked = true;
      // If this request fails, the next turn tries again.
      ask("/api/v1/in-flight/now").then((fresh) => view.ages(fresh), () => {}).finally(() => { agesAsked = false; });
    }, AGES_MS);
  }

  let shownAt = performance.now();
  return {
    /** Time has advanced. @param {number} from @param {number} to @param {number} nowMs */
    live(from, to, nowMs) {
      if (performance.now() - shownAt < CHART_MS) return;
      shownAt = performance.now();
      ask("/api/v1/in-flight", { from, to }).then((fresh) => view.show(fresh, nowMs), () => {});
    },
    /** Another range. @param {number} from @param {number} to */
    async ask(from, to) {
      view.show(await ask("/api/v1/in-flight", { from, to }), Date.now());
    },
  };
}
