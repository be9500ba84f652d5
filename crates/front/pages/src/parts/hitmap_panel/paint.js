// @ts-check
// Paints the map: grid, cells, marks of errors, the lane of triangles, axes, the distribution.

import { color, ramp } from "../../lib/colors.js";
import { axisTimes, edgeText } from "../../lib/format.js";
import { contourOf, paintGround, paintLine } from "./contour.js";
import { BELOW, LANE, LEFT } from "./geometry.js";

/** @typedef {import("./geometry.js").Geometry} Geometry */
/** @typedef {import("./axis.js").Axis} Axis */
/** @typedef {import("./model.js").MapModel} MapModel */

const STEPS = 32;
const NAMES = /** @type {const} */ (["ok", "slow", "error"]);
/** Steps of the time axis, in ms, from a minute on. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080].map((minutes) => minutes * 60000);

export function readColors() {
  return {
    plot: color("--plot"), grid: color("--grid"), border: color("--border"), muted: color("--muted"),
    slow: color("--slow"), error: color("--err"), then: color("--then"), font: getComputedStyle(document.body).fontFamily,
    ramps: NAMES.map((name) => ramp(name, STEPS)),
  };
}

/** @typedef {ReturnType<typeof readColors>} Colors */

/**
 * Gives a canvas a size in CSS pixels, sharp on any screen.
 * @param {HTMLCanvasElement} canvas @param {number} width @param {number} height
 */
export function sized(canvas, width, height) {
  const ratio = devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser draws no canvas");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/**
 * @param {HTMLCanvasElement} canvas @param {Geometry} geometry @param {Axis} axis
 * @param {MapModel} model @param {Colors} colors @param {number} slowMs
 * @param {MapModel} [then] the other time, moved to lie under this one
 */
export function paintMap(canvas, geometry, axis, model, colors, slowMs, then) {
  const context = sized(canvas, geometry.width, geometry.height);
  const grid = gather(geometry, axis, model);
  context.fillStyle = colors.plot;
  context.fillRect(LEFT, geometry.top, geometry.plotWidth, geometry.bottom - geometry.top);
  const contour = then && contourOf(geometry, axis, model, then);
  if (contour) paintGround(context, geometry, contour, colors.then);
  paintGrid(context, geometry, axis, model, colors, slowMs);
  paintCells(context, geometry, grid, colors);
  if (contour) paintLine(context, geometry, contour, colors.then, colors.plot);
  paintLane(context, geometry, grid, colors);
  paintDistribution(context, geometry, grid, colors);
}

/** @typedef {{ counts: [Uint32Array, Uint32Array, Uint32Array], most: number[], rows: number, columns: number }} Grid */

/** @param {Geometry} geometry @param {Axis} axis @param {MapModel} model @returns {Grid} */
function gather(geometry, axis, model) {
  const size = geometry.columns * geometry.rows;
  /** @type {Grid["counts"]} */
  const counts = [new Uint32Array(size), new Uint32Array(size), new Uint32Array(size)];
  model.each((column, cell) => {
    const at = column * geometry.rows + (axis.rowOf[cell[0]] ?? 0);
    for (let kind = 0; kind < 3; kind++) {
      const array = counts[kind];
      if (array) array[at] = (array[at] ?? 0) + (cell[kind + 1] ?? 0);
    }
  });
  const most = counts.map((array) => array.reduce((a, b) => Math.max(a, b), 0));
  return { counts, most, rows: geometry.rows, columns: geometry.columns };
}

/** @param {CanvasRenderingContext2D} context @param {Geometry} geometry @param {Axis} axis @param {MapModel} model @param {Colors} colors @param {number} slowMs */
function paintGrid(context, geometry, axis, model, colors, slowMs) {
  const right = LEFT + geometry.plotWidth;
  context.font = `11px ${colors.font}`;
  context.fillStyle = colors.grid;
  const stepMs = timeStep(model, geometry);
  const labels = [];
  const zoneShift = new Date(model.fromMs).getTimezoneOffset() * 60000;
  for (let at = Math.ceil((model.fromMs - zoneShift) / stepMs) * stepMs + zoneShift; at < model.toMs; at += stepMs) {
    const x = LEFT + Math.round(((at - model.fromMs) / model.columnMs) * geometry.cellWidth);
    if (x > LEFT && x < right) context.fillRect(x, geometry.top, 1, geometry.bottom - geometry.top);
    labels.push({ x, at });
  }
  let lastY = Infinity;
  const ticks = axis.ticksUs.map((us) => ({ us, y: geometry.y(axis.position(us / 1000)) }));
  for (const { y } of ticks) {
    if (y > geometry.top && y < geometry.bottom) context.fillRect(LEFT, y, geometry.plotWidth, 1);
  }
  context.fillStyle = colors.border;
  context.fillRect(LEFT, geometry.bottom, geometry.plotWidth, 1);

  context.fillStyle = colors.muted;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const { us, y } of ticks) {
    if (lastY - y < 13) continue;
    context.fillText(us === 0 ? "0" : edgeText(us / 1000), LEFT - 6, Math.min(geometry.bottom - 4, y + 1));
    lastY = y;
  }
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  const texts = axisTimes(labels.map(({ at }) => at));
  labels.forEach(({ x }, place) => {
    if (x < LEFT + 12 || x > right - 12) return;
    context.fillText(texts[place] ?? "", x, geometry.bottom + LANE + BELOW - 5);
  });

  const slowY = geometry.y(axis.position(slowMs));
  if (slowY > geometry.top && slowY < geometry.bottom) {
    context.fillStyle = colors.slow;
    for (let x = LEFT; x < right; x += 4) context.fillRect(x, slowY, 2, 1);
  }
}

/** @param {MapModel} model @param {Geometry} geometry */
function timeStep(model, geometry) {
  const fits = Math.max(2, geometry.plotWidth / 64);
  const least = (model.toMs - model.fromMs) / fits;
  return TIME_STEPS.find((step) => step >= least) ?? 7 * 86400000;
}

/** @param {CanvasRenderingContext2D} context @param {Geometry} geometry @param {Grid} grid @param {Colors} colors */
function paintCells(context, geometry, grid, colors) {
  const [ok, slow, error] = grid.counts;
  const width = geometry.cellWidth - geometry.gap;
  const height = geometry.cellHeight - geometry.gap;
  const marked = width >= 4 && height >= 4;
  const scale = grid.most.map((most) => (STEPS - 1) / Math.log(1 + Math.max(most, 3)));
  // Sorted by colour, because setting a colour takes longer than painting a cell.
  /** @type {number[][]} */
  const places = Array.from({ length: 3 * STEPS }, () => []);
  for (let at = 0; at < grid.columns * grid.rows; at++) {
    const kind = error[at] ? 2 : slow[at] ? 1 : ok[at] ? 0 : -1;
    if (kind < 0) continue;
    const count = (kind === 2 ? error : kind === 1 ? slow : ok)[at] ?? 0;
    const step = Math.round(Math.log(1 + count) * (scale[kind] ?? 0));
    places[kind * STEPS + step]?.push(at);
  }
  const x = (/** @type {number} */ at) => geometry.x(Math.floor(at / grid.rows));
  const y = (/** @type {number} */ at) => geometry.y((at % grid.rows) + 1) + geometry.gap;
  places.forEach((some, place) => {
    if (!some.length) return;
    context.fillStyle = colors.ramps[Math.floor(place / STEPS)]?.[place % STEPS] ?? colors.error;
    for (const at of some) context.fillRect(x(at), y(at), width, height);
  });
  if (!marked) return;
  context.fillStyle = colors.plot;
  for (const some of places.slice(2 * STEPS)) {
    for (const at of some) context.fillRect(x(at) + (width >> 1) - 1, y(at) + (height >> 1) - 1, 2, 2);
  }
}

/** @param {CanvasRenderingContext2D} context @param {Geometry} geometry @param {Grid} grid @param {Colors} colors */
function paintLane(context, geometry, grid, colors) {
  const errors = grid.counts[2];
  const sums = Array.from({ length: grid.columns }, (_, column) => {
    let sum = 0;
    for (let row = 0; row < grid.rows; row++) sum += errors[column * grid.rows + row] ?? 0;
    return sum;
  });
  const most = Math.log(1 + Math.max(3, ...sums));
  context.fillStyle = colors.error;
  const base = geometry.bottom + LANE - 3;
  sums.forEach((sum, column) => {
    if (!sum) return;
    const size = 4 + (4 * Math.log(1 + sum)) / most;
    const half = Math.min(geometry.cellWidth / 2, size / 2);
    const x = geometry.x(column) + (geometry.cellWidth - geometry.gap) / 2;
    context.beginPath();
    context.moveTo(x, base - size);
    context.lineTo(x + Math.max(2, half), base);
    context.lineTo(x - Math.max(2, half), base);
    context.fill();
  });
}

/** @param {CanvasRenderingContext2D} context @param {Geometry} geometry @param {Grid} grid @param {Colors} colors */
function paintDistribution(context, geometry, grid, colors) {
  const left = LEFT + geometry.plotWidth + 6;
  const room = geometry.width - left - 4;
  if (room < 8) return;
  const sums = grid.counts.map((counts) => Array.from({ length: grid.rows }, (_, row) => {
    let sum = 0;
    for (let column = 0; column < grid.columns; column++) sum += counts[column * grid.rows + row] ?? 0;
    return sum;
  }));
  let most = 0;
  for (let row = 0; row < grid.rows; row++) {
    most = Math.max(most, (sums[0]?.[row] ?? 0) + (sums[1]?.[row] ?? 0) + (sums[2]?.[row] ?? 0));
  }
  if (!most) return;
  const height = Math.max(1, geometry.cellHeight - 1);
  for (let row = 0; row < grid.rows; row++) {
    let x = left;
    for (const kind of [0, 1, 2]) {
      const sum = sums[kind]?.[row] ?? 0;
      if (!sum) continue;
      // Square root, so that a single error is visible beside a thousand successes.
      const width = Math.max(1, Math.round(room * Math.sqrt(sum / most)) - (x - left));
      context.fillStyle = colors.ramps[kind]?.[kind === 0 ? 12 : 20] ?? colors.muted;
      const wide = Math.min(width, left + room - x);
      if (wide > 0) context.fillRect(x, geometry.y(row + 1) + 1, wide, height);
      x += Math.max(0, wide);
    }
  }
}
