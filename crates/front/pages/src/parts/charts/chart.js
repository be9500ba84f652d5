// @ts-check
// A line or bar chart: uPlot with our colours and number formats, one shared time axis, and drag to
// zoom.

import uPlot from "../../vendor/uplot/uplot.js";
import { addressWith } from "../../lib/address.js";
import { color } from "../../lib/colors.js";
import { axisTimes, time } from "../../lib/format.js";
import { Tip } from "./tip.js";

/**
 * @typedef {object} Line
 * @property {string} color name of the colour, such as `--ok`
 * @property {number} width
 * @property {boolean} [fill]
 * @property {boolean} [bars]
 */

/**
 * @typedef {object} Spec
 * @property {Line[]} lines
 * @property {boolean} [log]
 * @property {number} [least] the top of the axis is at least this
 * @property {number} [most] and at most this
 * @property {(value: number) => string} tick
 * @property {"other" | "band" | null} beside what the data have before the lines: the other time's line; or
 *   the top, the bottom and the middle of a band
 * @property {(index: number) => import("./tip.js").Row[]} tip what is told of a point
 */

/** @typedef {{ at_ms: number, label: string, href: string }} Marker */

const HEIGHT = 112;
const HEIGHT_WIDE = 128;

export class Chart {
  /** @type {uPlot | undefined} */
  #plot;
  /** @type {uPlot.AlignedData} */
  #data = [[]];
  #watched = false;

  /**
   * @param {HTMLElement} host
   * @param {Spec} spec
   * @param {Marker[]} markers
   */
  constructor(host, spec, markers) {
    this.markers = markers;
    this.host = host;
    this.spec = spec;
    this.tip = new Tip(host);
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(host);
    document.addEventListener("hm:theme", () => this.#build());
    host.addEventListener("dblclick", () => zoomOut(this.#data));
    host.addEventListener("pointerenter", () => { this.#watched = true; });
    for (const event of ["pointerleave", "blur"]) {
      host.addEventListener(event, () => {
        this.#watched = false;
        this.tip.hide();
      });
    }
    host.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) {
        event.preventDefault();
        this.#step(step);
      } else if (event.key === "Escape") {
        this.#watched = false;
        this.tip.hide();
      }
    });
  }

  /** @param {uPlot.AlignedData} data times in seconds first */
  update(data) {
    this.#data = data;
    if (this.#plot) this.#plot.setData(data);
    else this.#build();
  }

  /** Moves the cursor by `step` points. @param {number} step */
  #step(step) {
    const plot = this.#plot;
    const times = this.#data[0];
    if (!plot || !times.length) return;
    const last = times.length - 1;
    const at = Math.min(last, Math.max(0, (plot.cursor.idx ?? (step > 0 ? -1 : last + 1)) + step));
    this.#watched = true;
    plot.setCursor({ left: plot.valToPos(times[at] ?? 0, "x"), top: plot.over.clientHeight / 2 });
  }

  #tell() {
    const index = this.#plot?.cursor.idx;
    const rows = this.#watched && typeof index === "number" ? this.spec.tip(index) : [];
    if (!this.#plot || typeof index !== "number" || !rows.length) return this.tip.hide();
    const at = this.#data[0][index] ?? 0;
    const left = this.#plot.over.offsetLeft + this.#plot.valToPos(at, "x");
    this.tip.show(time(at * 1000, this.#long() ? "date" : "seconds"), rows, left);
  }

  /** The series beside: they come first, so that the lines are drawn over them. @returns {uPlot.Series[]} */
  #besides() {
    const dashed = { stroke: color("--other"), width: 1.25, dash: [4, 3], points: { show: false }, spanGaps: false };
    const edge = { stroke: "transparent", width: 0, points: { show: false }, spanGaps: false };
    if (this.spec.beside === "other") return [dashed];
    return this.spec.beside === "band" ? [edge, edge, { ...dashed, width: 1 }] : [];
  }

  #size() {
    const wide = matchMedia("(min-width: 1600px)").matches;
    return { width: Math.max(80, this.host.clientWidth), height: wide ? HEIGHT_WIDE : HEIGHT };
  }

  #build() {
    this.#plot?.destroy();
    const { lines, log, tick, least, most } = this.spec;
    const muted = color("--muted");
    const font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const grid = { stroke: color("--grid"), width: 1 };
    this.#plot = new uPlot({
      ...this.#size(),
      padding: [6, 16, 0, 0],
      legend: { show: false },
      cursor: {
        sync: { key: "time", scales: ["x", null] },
        drag: { x: true, y: false, setScale: false },
        points: { size: 5 },
        bind: { dblclick: () => null },
      },
      scales: {
        x: { time: true },
        y: log
          ? { distr: 3, range: (_, low, high) => [Math.max(0.1, 10 ** Math.floor(Math.log10(Math.max(low || 1, 0.1)))), 10 ** Math.ceil(Math.log10(Math.max(high || 1, 1)))] }
          : { range: (_, __, high) => [0, Math.min(most ?? Infinity, niceTop(Math.max(high || 0, least ?? 0)))] },
      },
      axes: [
        {
          stroke: muted, font, grid: { show: false }, ticks: { show: false }, size: 20, gap: 2, space: 56,
          values: (_, splits) => axisTimes(splits.map((at) => at * 1000)),
        },
        {
          stroke: muted, font, grid, ticks: { show: false }, size: 46, gap: 4, space: 28,
          filter: (_, splits) => splits,
          splits: (u) => {
            const { min, max } = u.scales["y"] ?? {};
            return log ? decades(min ?? 1, max ?? 10) : parts(max ?? 1);
          },
          values: (_, splits) => splits.map((value) => value === null ? "" : tick(value)),
        },
      ],
      ...(this.spec.beside === "band" ? { bands: [{ series: [1, 2], fill: color("--band") }] } : {}),
      series: [{}, ...this.#besides(), ...lines.map((line) => ({
        stroke: color(line.color),
        width: line.width,
        points: { show: false },
        spanGaps: false,
        ...(line.fill ? { fill: fade(color(line.color)) } : {}),
        ...(line.bars && uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.7, 6], align: 1 }), fill: color(line.color), width: 0 } : {}),
      }))],
      hooks: { setSelect: [(u) => zoomIn(u)], setCursor: [() => this.#tell()], draw: [(u) => drawMarkers(u, this.markers)] },
    }, this.#data, this.host);
  }

  #long() {
    const times = this.#data[0];
    return (times.at(-1) ?? 0) - (times[0] ?? 0) > 2 * 86400;
  }
}

/** @param {uPlot} plot */
function zoomIn(plot) {
  const { left, width } = plot.select;
  if (width < 6) return;
  const from = Math.round(plot.posToVal(left, "x") * 1000);
  const to = Math.round(plot.posToVal(left + width, "x") * 1000);
  if (to - from >= 5000) location.assign(addressWith({ from: String(from), to: String(to), sel: "" }));
}

/** Draws a dashed line with a flag at each deployment. @param {uPlot} plot @param {Marker[]} markers */
function drawMarkers(plot, markers) {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio || 1;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = color("--muted");
  ctx.lineWidth = ratio;
  for (const { at_ms: at } of markers) {
    const x = Math.round(plot.valToPos(at / 1000, "x", true)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.setLineDash([3 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x + 7 * ratio, bbox.top + 3 * ratio);
    ctx.lineTo(x, bbox.top + 6 * ratio);
    ctx.fill();
  }
  ctx.restore();
}

/** Twice the range around its middle, but not into the future. @param {uPlot.AlignedData} data */
function zoomOut(data) {
  const times = data[0];
  const from = (times[0] ?? 0) * 1000;
  const to = (times.at(-1) ?? 0) * 1000;
  const half = (to - from) / 2;
  const end = Math.min(Date.now(), to + half);
  location.assign(addressWith({ from: String(Math.round(end - 4 * half)), to: String(Math.round(end)), sel: "" }));
}

/** @param {number} low @param {number} high */
function decades(low, high) {
  const ticks = [];
  for (let tick = low; tick <= high * 1.001; tick *= 10) ticks.push(tick);
  return ticks;
}

/** Divides a round maximum into two or three equal parts. @param {number} top */
function parts(top) {
  const digit = Number(top.toExponential().split("e")[0]);
  const count = [1.5, 3, 6].includes(digit) ? 3 : 2;
  return Array.from({ length: count + 1 }, (_, part) => (part * top) / count);
}

/** @param {number} high */
function niceTop(high) {
  if (high <= 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(high));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((factor) => factor * unit >= high * 1.08) ?? 10;
  return Number((step * unit).toPrecision(3));
}

/** @param {string} rgb */
function fade(rgb) {
  const parts = rgb.match(/[\d.]+/g) ?? [];
  return `rgb(${parts.slice(0, 3).join(" ")} / 14%)`;
}
