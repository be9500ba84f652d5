// @ts-check
// Outline of the other time's transactions: one line around their cells, readable over any cell.

import { LEFT } from "./geometry.js";

/** @typedef {import("./geometry.js").Geometry} Geometry */
/** @typedef {import("./axis.js").Axis} Axis */
/** @typedef {import("./model.js").MapModel} MapModel */

/** Largest width of a hole to either side, in cells, that is closed: scattered transactions of one
 * band become one shape.
 * shape. */
const CLOSE_COLUMNS = 6;
const CLOSE_ROWS = 1;

/**
 * The cells within the line, column by column. When the other time's columns are wider, a narrow
 * cell gets the part that it covers.
 * @param {Geometry} geometry @param {Axis} axis @param {MapModel} now @param {MapModel} then
 */
export function contourOf(geometry, axis, now, then) {
  const { columns, rows } = geometry;
  const mask = new Uint8Array(columns * rows);
  then.outcome = now.outcome;
  then.each((column, [row]) => {
    const start = (then.fromMs + column * then.columnMs - now.fromMs) / now.columnMs;
    const first = Math.max(0, Math.floor(start + 1e-6));
    const last = Math.min(columns, Math.ceil(start + then.columnMs / now.columnMs - 1e-6));
    for (let at = first; at < last; at++) mask[at * rows + (axis.rowOf[row] ?? 0)] = 1;
  });
  return spread(spread(mask, columns, rows, 1), columns, rows, 0);
}

/**
 * Grows the ones or the zeros of the mask by the size of the holes that are closed.
 * @param {Uint8Array} mask @param {number} columns @param {number} rows @param {0 | 1} value
 */
function spread(mask, columns, rows, value) {
  const along = new Uint8Array(mask.length).fill(1 - value);
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      if (mask[column * rows + row] !== value) continue;
      const to = Math.min(columns - 1, column + CLOSE_COLUMNS);
      for (let at = Math.max(0, column - CLOSE_COLUMNS); at <= to; at++) along[at * rows + row] = value;
    }
  }
  const grown = new Uint8Array(mask.length).fill(1 - value);
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      if (along[column * rows + row] !== value) continue;
      const to = Math.min(rows - 1, row + CLOSE_ROWS);
      for (let at = Math.max(0, row - CLOSE_ROWS); at <= to; at++) grown[column * rows + at] = value;
    }
  }
  return grown;
}

/**
 * Fills the area within the line, below the cells.
 * @param {CanvasRenderingContext2D} context @param {Geometry} geometry @param {Uint8Array} mask @param {string} ink
 */
export function paintGround(context, geometry, mask, ink) {
  context.fillStyle = ink;
  context.globalAlpha = 0.09;
  const { rows } = geometry;
  for (let column = 0; column < geometry.columns; column++) {
    for (let row = 0; row < rows; row++) {
      if (!mask[column * rows + row]) continue;
      const from = row;
      while (row + 1 < rows && mask[column * rows + row + 1]) row++;
      context.fillRect(geometry.x(column), geometry.y(row + 1), geometry.cellWidth, (row + 1 - from) * geometry.cellHeight);
    }
  }
  context.globalAlpha = 1;
}

/**
 * Draws the line over the cells, with a seam in the ground's colour so that it is visible on dense
 * cells.
 * @param {CanvasRenderingContext2D} context @param {Geometry} geometry @param {Uint8Array} mask
 * @param {string} ink @param {string} seam
 */
export function paintLine(context, geometry, mask, ink, seam) {
  const { rows, columns, cellWidth, cellHeight } = geometry;
  const is = (/** @type {number} */ column, /** @type {number} */ row) => column >= 0 && column < columns && row >= 0 && row < rows && mask[column * rows + row] === 1;
  const line = new Path2D();
  for (let column = 0; column < columns; column++) {
    const x = LEFT + column * cellWidth - 0.5;
    for (let row = 0; row < rows; row++) {
      if (!is(column, row)) continue;
      const [top, bottom] = [geometry.y(row + 1) + 0.5, geometry.y(row) + 0.5];
      if (!is(column, row + 1)) stretch(line, x, top, x + cellWidth, top);
      if (!is(column, row - 1)) stretch(line, x, bottom, x + cellWidth, bottom);
      // The ends of the window are not ends of the other time's data.
      if (column > 0 && !is(column - 1, row)) stretch(line, x, top, x, bottom);
      if (column + 1 < columns && !is(column + 1, row)) stretch(line, x + cellWidth, top, x + cellWidth, bottom);
    }
  }
  context.lineCap = "square";
  context.strokeStyle = seam;
  context.lineWidth = 3;
  context.stroke(line);
  context.strokeStyle = ink;
  context.lineWidth = 1;
  context.stroke(line);
  context.lineCap = "butt";
}

/** @param {Path2D} line @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1 */
function stretch(line, x0, y0, x1, y1) {
  line.moveTo(x0, y0);
  line.lineTo(x1, y1);
}
