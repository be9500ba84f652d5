// @ts-check
// Geometry of the map: cells have whole-pixel sizes, and the remaining pixels go to the right
// margin.

export const LEFT = 44;
export const TOP = 16;
export const LANE = 14;
export const BELOW = 18;
const RIGHT_MIN = 36;

export class Geometry {
  /**
   * @param {number} width of the whole, in CSS pixels
   * @param {number} plotHeight
   * @param {number} columns
   * @param {number} rows
   */
  constructor(width, plotHeight, columns, rows) {
    this.width = width;
    this.columns = columns;
    this.rows = rows;
    this.plotHeight = plotHeight;
    this.cellWidth = Math.max(1, Math.floor((width - LEFT - RIGHT_MIN) / columns));
    this.cellHeight = Math.max(1, Math.floor(plotHeight / rows));
    this.plotWidth = this.cellWidth * columns;
    this.bottom = TOP + plotHeight;
    /** Upper edge of the top row. Remaining pixels are above it. */
    this.top = this.bottom - this.cellHeight * rows;
    this.height = this.bottom + LANE + BELOW;
    /** Gap between cells, if they are large enough. */
    this.gap = this.cellWidth >= 4 && this.cellHeight >= 4 ? 1 : 0;
  }

  /** @param {number} column */
  x(column) {
    return LEFT + column * this.cellWidth;
  }

  /** The upper edge of a row, or of a position between rows. @param {number} row */
  y(row) {
    return this.bottom - row * this.cellHeight;
  }

  /** The cell under a point; the nearest one when the point is outside. @param {number} x @param {number} y */
  cellAt(x, y) {
    const column = Math.floor((x - LEFT) / this.cellWidth);
    const row = Math.floor((this.bottom - 0.5 - y) / this.cellHeight);
    return {
      column: Math.min(this.columns - 1, Math.max(0, column)),
      row: Math.min(this.rows - 1, Math.max(0, row)),
    };
  }

  /** Whether a point is over the plot. @param {number} x @param {number} y */
  inside(x, y) {
    return x >= LEFT && x < LEFT + this.plotWidth && y >= this.top && y < this.bottom;
  }
}
