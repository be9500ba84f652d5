// @ts-check
// The three charts of a service, and the numbers in their titles.

import { durationText, edgeText, number, percent } from "../lib/format.js";
import { Chart } from "./chart.js";
import { Series } from "./series.js";

/** @typedef {import("../hitmap/data.js").PageData} PageData */
/** @typedef {import("../hitmap/data.js").Point} Point */

export class Charts {
  /** @param {HTMLElement} root @param {PageData} data */
  constructor(root, data) {
    this.root = root;
    this.series = new Series(data.points, data.from_ms, data.to_ms, data.column_ms);
    this.markers = data.deployments;
    this.nowMs = data.live ? data.now_ms : data.to_ms;
    const columns = this.#columns();
    this.rate = this.#chart("rate", {
      lines: [{ color: "--ok", width: 1.25, fill: true }], tick: number, least: 0.1,
    }, columns.rate);
    this.latency = this.#chart("latency", {
      lines: [{ color: "--p50", width: 1 }, { color: "--p95", width: 1.5 }, { color: "--p99", width: 2 }],
      log: true, tick: edgeText,
    }, columns.latency);
    this.errors = this.#chart("errors", {
      lines: [{ color: "--err", width: 1, bars: true }], tick: (value) => `${number(value)}\u00a0%`, least: 1,
    }, columns.errors);
  }

  /** @param {string} name @param {import("./chart.js").Spec} spec @param {any} data */
  #chart(name, spec, data) {
    const host = this.root.querySelector(`[data-chart="${name}"]`);
    return host instanceof HTMLElement ? new Chart(host, spec, data, this.markers) : undefined;
  }

  #columns() {
    // Rates of a column that is still filling would read as a drop.
    const points = this.series.whole(this.nowMs);
    const times = points.map(([start]) => start / 1000);
    const seconds = this.series.columnMs / 1000;
    const totals = points.map(([, ok, slow, error]) => ok + slow + error);
    return {
      rate: [times, totals.map((total) => total / seconds)],
      latency: [times, points.map((point) => point[4]), points.map((point) => point[5]), points.map((point) => point[6])],
      errors: [times, points.map((point, index) => (totals[index] ? (point[3] / (totals[index] ?? 1)) * 100 : 0))],
    };
  }

  /** @param {Point[]} points @param {boolean} whole @param {number} fromMs @param {number} toMs @param {number} nowMs */
  update(points, whole, fromMs, toMs, nowMs) {
    if (whole) this.series.clear();
    this.series.set(points);
    this.series.move(fromMs, toMs);
    this.nowMs = nowMs;
    const columns = /** @type {any} */ (this.#columns());
    this.rate?.update(columns.rate);
    this.latency?.update(columns.latency);
    this.errors?.update(columns.errors);
    this.#tell();
  }

  #tell() {
    const now = this.series.now(this.nowMs);
    const texts = {
      rate: number(now.rate), p50: durationText(now.p50), p95: durationText(now.p95), p99: durationText(now.p99),
      errors: percent(now.errors),
    };
    for (const [name, text] of Object.entries(texts)) {
      const element = this.root.querySelector(`[data-now="${name}"]`);
      if (element && element.textContent !== text) element.textContent = text;
    }
    this.root.querySelector("[data-now-errors]")?.classList.toggle("is-error", now.errors >= 0.01);
  }
}
