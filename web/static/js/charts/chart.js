// @ts-check
// A line or bar chart: uPlot with our colours, our numbers, one shared time axis, drag to zoom.

import uPlot from "../../vendor/uplot/uplot.js";
import { addressWith } from "../lib/address.js";
import { color } from "../lib/colors.js";
import { time } from "../lib/format.js";

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
 * @property {(value: number) => string} tick
 */

/** @typedef {{ at_ms: number, label: string, href: string }} Marker */

const HEIGHT = 112;
const HEIGHT_WIDE = 128;

export class Chart {
  /** @type {uPlot | undefined} */
  #plot;
  /** @type {uPlot.AlignedData} */
  #data;

  /**
   * @param {HTMLElement} host
   * @param {Spec} spec
   * @param {uPlot.AlignedData} data times in seconds first
   * @param {Marker[]} markers
   */
  constructor(host, spec, data, markers) {
    this.markers = markers;
    this.host = host;
    this.spec = spec;
    this.#data = data;
    this.#build();
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(host);
    document.addEventListener("hm:theme", () => this.#build());
    host.addEventListener("dblclick", () => zoomOut(this.#data));
  }

  /** @param {uPlot.AlignedData} data */
  update(data) {
    this.#data = data;
    this.#plot?.setData(data);
  }

  #size() {
    const wide = matchMedia("(min-width: 1600px)").matches;
    return { width: Math.max(80, this.host.clientWidth), height: wide ? HEIGHT_WIDE : HEIGHT };
  }

  #build() {
    this.#plot?.destroy();
    const { lines, log, tick, least } = this.spec;
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
          : { range: (_, __, high) => [0, niceTop(Math.max(high || 0, least ?? 0))] },
      },
      axes: [
        {
          stroke: muted, font, grid: { show: false }, ticks: { show: false }, size: 20, gap: 2, space: 56,
          values: (_, splits) => splits.map((at) => time(at * 1000, this.#long() ? "day" : "minutes")),
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
      series: [{}, ...lines.map((line) => ({
        stroke: color(line.color),
        width: line.width,
        points: { show: false },
        spanGaps: false,
        ...(line.fill ? { fill: fade(color(line.color)) } : {}),
        ...(line.bars && uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.7, 6], align: 1 }), fill: color(line.color), width: 0 } : {}),
      }))],
      hooks: { setSelect: [(u) => zoomIn(u)], draw: [(u) => drawMarkers(u, this.markers)] },
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

/** A dashed line with a flag at each deployment. @param {uPlot} plot @param {Marker[]} markers */
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

/** Twice the range around its middle, as far as there is a past. @param {uPlot.AlignedData} data */
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

/** Two or three even parts of a nice top. @param {number} top */
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
