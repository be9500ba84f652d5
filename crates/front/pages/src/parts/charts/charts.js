// @ts-check
// The charts of a series, the numbers in their titles, and what is drawn beside them.

import { durationText, edgeText, number, percent } from "../../lib/format.js";
import { Words } from "../../lib/words.js";
import { Beside } from "./beside.js";
import { Chart } from "./chart.js";
import { Series, valueOf } from "./series.js";

/** @typedef {import("./data.js").ChartsData} ChartsData */
/** @typedef {import("./data.js").Point} Point */
/** @typedef {import("./data.js").Metric} Metric */
/** @typedef {import("./tip.js").Row} Row */

/** @type {Record<Metric, (value: number) => string>} */
const TELL = {
  rate: (value) => `${number(value)}/s`,
  p50: durationText, p95: durationText, p99: durationText,
  errors: (value) => `${number(value)}\u00a0%`,
};

/** The charts: their lines, and the one that the band of usual values belongs to. */
const CHARTS = /** @type {const} */ ({
  rate: { metrics: ["rate"], beside: "rate" },
  latency: { metrics: ["p50", "p95", "p99"], beside: "p95" },
  errors: { metrics: ["errors"], beside: "errors" },
});

export class Charts {
  /** @type {Map<keyof typeof CHARTS, Chart>} */
  #charts = new Map();
  /** The columns that are drawn. @type {Point[]} */
  #whole = [];

  /** @param {HTMLElement} root @param {ChartsData} data */
  constructor(root, data) {
    this.root = root;
    this.data = data;
    this.words = new Words(data.words);
    this.series = new Series(data.series);
    this.beside = new Beside(data);
    this.nowMs = data.live ? data.now_ms : data.series.to_ms;
    this.#chart("rate", {
      lines: [{ color: "--ok", width: 1.25, fill: true }], tick: number, least: 0.1,
    });
    this.#chart("latency", {
      lines: [{ color: "--p50", width: 1 }, { color: "--p95", width: 1.5 }, { color: "--p99", width: 2 }],
      log: true, tick: edgeText,
    });
    this.#chart("errors", {
      lines: [{ color: "--err", width: 1, bars: true }], tick: (value) => `${number(value)}\u00a0%`, least: 1, most: 100,
    });
    this.#draw();
  }

  /** @param {keyof typeof CHARTS} name @param {Omit<import("./chart.js").Spec, "beside" | "tip">} spec */
  #chart(name, spec) {
    const host = this.root.querySelector(`[data-chart="${name}"]`);
    if (!(host instanceof HTMLElement)) return;
    const whole = { ...spec, beside: this.beside.kind, tip: (/** @type {number} */ at) => this.#rows(name, at) };
    this.#charts.set(name, new Chart(host, whole, this.data.deployments));
  }

  /** @param {Point[]} points @param {boolean} whole @param {number} fromMs @param {number} toMs @param {number} nowMs */
  update(points, whole, fromMs, toMs, nowMs) {
    if (whole) this.series.clear();
    this.series.set(points);
    this.series.move(fromMs, toMs);
    this.nowMs = nowMs;
    this.#draw();
  }

  /** Replaces all data. @param {ChartsData} data */
  renew(data) {
    this.series = new Series(data.series);
    this.beside.take(data.series);
    this.nowMs = data.live ? data.now_ms : data.series.to_ms;
    this.#draw();
  }

  /** Adds data of what is drawn beside the series. @param {import("./data.js").SeriesAnswer} series */
  besides(series) {
    const late = !this.beside.known;
    this.beside.take(series);
    if (late) set(document.querySelector("[data-charts-note]"), this.#note(series));
    this.#draw();
  }

  /** What the band is based on, or why there is none; the same as in charts.rs. @param {import("./data.js").SeriesAnswer} series */
  #note({ usual, usual_missing: missing }) {
    if (!usual) return this.words.say(missing === "too_long" ? "charts-usual-long" : "charts-usual-few");
    const minutes = Math.floor(usual.column_ms / 60000);
    const width = minutes < 60
      ? this.words.say("length-minutes", { count: String(minutes) })
      : this.words.say("length-hours", { count: String(Math.floor(minutes / 60)) });
    const key = usual.of === "hour_of_week" ? "charts-usual-weeks" : "charts-usual-days";
    return this.words.say(key, { count: String(usual.periods), width });
  }

  #draw() {
    // The rate of a column that is incomplete would look like a drop.
    this.#whole = this.series.whole(this.nowMs);
    const starts = this.#whole.map((point) => point.start_ms);
    for (const [name, chart] of this.#charts) {
      const { metrics, beside } = CHARTS[name];
      const lines = metrics.map((metric) => this.#whole.map((point) => {
        const value = valueOf(point, metric, this.series.columnMs);
        return metric === "errors" ? value ?? 0 : value;
      }));
      chart.update(/** @type {any} */ ([starts.map((start) => start / 1000), ...this.#besides(beside, starts), ...lines]));
    }
    this.#tell();
  }

  /** The columns of what is drawn beside a chart. @param {Metric} metric @param {number[]} starts */
  #besides(metric, starts) {
    if (this.beside.kind === "other") return [starts.map((start) => this.beside.other(metric, start))];
    if (this.beside.kind !== "band") return [];
    const bands = starts.map((start) => this.beside.band(metric, start));
    return [
      bands.map((band) => band?.high ?? null), bands.map((band) => band?.low ?? null),
      bands.map((band) => band?.middle ?? null),
    ];
  }

  /** The rows of a chart's tip for a column. @param {keyof typeof CHARTS} name @param {number} index @returns {Row[]} */
  #rows(name, index) {
    const point = this.#whole[index];
    if (!point) return [];
    /** @type {Row[]} */
    const rows = [];
    if (this.beside.kind === "other") rows.push(["", "", this.words.say(this.data.other), ""]);
    if (this.beside.kind === "band") rows.push(["", "", this.words.say("charts-usual")]);
    const none = this.words.say("charts-nothing-yet");
    for (const metric of CHARTS[name].metrics) {
      const tell = TELL[metric];
      const value = valueOf(point, metric, this.series.columnMs);
      const label = metric === "rate" || metric === "errors" ? this.words.say(metric) : metric;
      const now = value === null ? none : tell(value);
      if (this.beside.kind === "other") {
        const other = this.beside.other(metric, point.start_ms);
        rows.push([label, now, other === null ? none : tell(other), difference(metric, value, other)]);
      } else if (this.beside.kind === "band") {
        rows.push([label, now, this.#bandText(metric, point.start_ms) ?? none]);
      } else {
        rows.push([label, now]);
      }
    }
    return rows;
  }

  /** @param {Metric} metric @param {number} at */
  #bandText(metric, at) {
    const band = this.beside.band(metric, at);
    if (!band) return null;
    const [low, high] = [TELL[metric](band.low), TELL[metric](band.high)];
    if (low === high) return low;
    // A unit that both numbers have is written once.
    const unit = (/** @type {string} */ text) => text.replace(/^[\d.,]+/, "");
    const from = unit(low) === unit(high) ? low.slice(0, low.length - unit(low).length) : low;
    return this.words.say("charts-usual-band", { low: from, high });
  }

  #tell() {
    const now = this.series.now(this.#whole);
    const texts = {
      rate: number(now.rate), p50: durationText(now.p50), p95: durationText(now.p95), p99: durationText(now.p99),
      errors: percent(now.errors),
    };
    for (const [name, text] of Object.entries(texts)) set(this.root.querySelector(`[data-now="${name}"]`), text);
    this.root.querySelector("[data-now-errors]")?.classList.toggle("is-error", now.errors >= 0.01);
    for (const [name, { beside }] of Object.entries(CHARTS)) {
      set(this.root.querySelector(`[data-beside="${name}"]`), this.#besideNow(beside));
    }
  }

  /** The number beside "now". @param {Metric} metric */
  #besideNow(metric) {
    const recent = this.series.recent(this.#whole);
    if (this.beside.kind === "band") {
      const last = recent.findLast((point) => this.beside.band(metric, point.start_ms));
      return last ? this.#bandText(metric, last.start_ms) ?? "" : "";
    }
    const values = recent.map((point) => this.beside.other(metric, point.start_ms)).filter((value) => value !== null);
    if (!values.length) return "–";
    const latency = metric !== "rate" && metric !== "errors";
    const value = latency ? values.at(-1) ?? 0 : values.reduce((sum, each) => sum + each, 0) / values.length;
    return TELL[metric](value);
  }
}

/**
 * The change from the other time: a relative change; for errors, the difference in percentage
 * points.
 * @param {Metric} metric @param {number | null} now @param {number | null} other
 */
function difference(metric, now, other) {
  if (now === null || other === null) return "";
  const signed = (/** @type {number} */ value) => `${value > 0 ? "+" : value < 0 ? "−" : "±"}${number(Math.abs(value))}`;
  if (metric === "errors") return signed(now - other);
  return other > 0 ? `${signed(Math.round((now / other - 1) * 100))}\u00a0%` : "";
}

/** @param {Element | null} element @param {string} text */
function set(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}
