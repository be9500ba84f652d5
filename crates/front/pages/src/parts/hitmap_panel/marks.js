// @ts-check
// Marks over the map: the cell under the pointer, the keyboard cursor, the selections.

import { color } from "../../lib/colors.js";
import { LEFT } from "./geometry.js";
import { sized } from "./paint.js";

/** @typedef {import("./geometry.js").Geometry} Geometry */
/** @typedef {{ column: number, row: number }} CellPlace */
/** @typedef {{ c0: number, c1: number, r0: number, r1: number }} Box columns and rows, the upper ends not included; fractions are fine */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Geometry} geometry
 * @param {{ hover: CellPlace | undefined, cursor: CellPlace | undefined, boxes: { box: Box, chosen: boolean }[], under: (context: CanvasRenderingContext2D) => void }} marks
 */
export function paintMarks(canvas, geometry, marks) {
  const context = sized(canvas, geometry.width, geometry.height);
  const ink = color("--text");
  marks.under(context);
  for (const { box, chosen } of marks.boxes) {
    const rect = boxRect(geometry, box);
    if (rect) {
      const { x, y, width, height } = rect;
      context.fillStyle = ink;
      context.globalAlpha = 0.1;
      context.fillRect(x, y, width, height);
      context.globalAlpha = 1;
      context.strokeStyle = ink;
      context.lineWidth = 1.5;
      context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
      if (chosen) {
        for (const [cx, cy] of [[x, y], [x + width, y], [x, y + height], [x + width, y + height]]) {
          context.fillRect((cx ?? 0) - 2.5, (cy ?? 0) - 2.5, 5, 5);
        }
      }
    }
  }
  for (const place of [marks.hover, marks.cursor]) {
    if (!place) continue;
    context.strokeStyle = ink;
    context.lineWidth = place === marks.cursor ? 2 : 1;
    context.strokeRect(
      geometry.x(place.column) - 1, geometry.y(place.row + 1),
      geometry.cellWidth + 1, geometry.cellHeight + 1,
    );
  }
}

/**
 * The rectangle of a box on screen, cut at the plot's edges; undefined when it is outside.
 * @param {Geometry} geometry @param {Box} box
 */
export function boxRect(geometry, box) {
  const x0 = Math.max(LEFT, Math.round(geometry.x(box.c0)));
  const x1 = Math.min(LEFT + geometry.plotWidth, Math.round(geometry.x(box.c1)));
  const y0 = Math.max(geometry.top, Math.round(geometry.y(box.r1)));
  const y1 = Math.min(geometry.bottom, Math.round(geometry.y(box.r0)));
  if (x1 <= x0 || y1 < y0) return undefined;
  return { x: x0, y: y0, width: x1 - x0, height: Math.max(1, y1 - y0) };
}
