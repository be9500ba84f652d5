// @ts-check
// Axes: each row on screen is the union of some base rows. No axis splits a base row, so a region
// on screen is exactly a region of the data.

/** Rows of a linear axis. */
const LINEAR_ROWS = 50;
/** Approximate number of rows of a log axis. */
const LOG_ROWS = 60;
/** The fitted log axis spans at least this factor. */
const FIT_FACTOR = 60;
const FULL_LOW_US = 1000;
const FULL_HIGH_US = 80e6;

/** Edges of rows in microseconds, in which they are whole numbers. @param {number[]} edgesMs */
export function inMicroseconds(edgesMs) {
  return edgesMs.map((edge) => Math.round(edge * 1000));
}

export class Axis {
  /**
   * @param {number[]} edgesUs lower edges of the base rows
   * @param {number[]} first index of the first base row of each row on screen, from the bottom
   * @param {number} lowUs what the bottom edge is labelled
   * @param {number} highUs what the top edge is labelled
   * @param {number[]} ticksUs labelled edges
   */
  constructor(edgesUs, first, lowUs, highUs, ticksUs) {
    this.edgesUs = edgesUs;
    this.first = first;
    this.lowUs = lowUs;
    this.highUs = highUs;
    this.ticksUs = ticksUs;
    /** @type {Uint8Array} row on screen of each base row */
    this.rowOf = new Uint8Array(edgesUs.length);
    let row = 0;
    for (let base = 0; base < edgesUs.length; base++) {
      while (row + 1 < first.length && base >= (first[row + 1] ?? Infinity)) row++;
      this.rowOf[base] = row;
    }
    /** First base row above the top edge. */
    this.over = lowerBound(edgesUs, highUs);
  }

  get rows() {
    return this.first.length;
  }

  /** Lower edge of a row on screen in ms. The bottom row also holds everything below it. @param {number} row */
  lowMs(row) {
    return row <= 0 ? 0 : (this.edgesUs[this.first[row] ?? 0] ?? 0) / 1000;
  }

  /** Upper edge in ms; null for the top row, which holds everything above it. @param {number} row @returns {number | null} */
  highMs(row) {
    const next = this.first[row + 1];
    return next === undefined ? null : (this.edgesUs[next] ?? 0) / 1000;
  }

  /** Base rows `[from, to)` of the rows `low ≤ row ≤ high` on screen. @param {number} low @param {number} high @returns {[number, number]} */
  baseRows(low, high) {
    return [low <= 0 ? 0 : this.first[low] ?? 0, this.first[high + 1] ?? this.edgesUs.length];
  }

  /** Height of a duration in rows, with a fraction for durations inside a row. @param {number} ms */
  position(ms) {
    const us = ms * 1000;
    if (us <= this.lowUs) return 0;
    if (us >= this.highUs) return this.rows;
    const base = Math.max(0, lowerBound(this.edgesUs, us + 1e-6) - 1);
    const row = this.rowOf[base] ?? 0;
    const low = row === 0 ? this.lowUs : this.edgesUs[this.first[row] ?? 0] ?? 0;
    const high = this.edgesUs[this.first[row + 1] ?? -1] ?? this.highUs;
    return row + Math.min(1, Math.max(0, (us - low) / (high - low)));
  }
}

/**
 * @param {number[]} edgesUs
 * @param {number} seconds 5, 10, 20, 40 or 80
 */
export function linearAxis(edgesUs, seconds) {
  const stepUs = (seconds * 1e6) / LINEAR_ROWS;
  const first = Array.from({ length: LINEAR_ROWS }, (_, row) => lowerBound(edgesUs, row * stepUs));
  const ticks = [0, 1, 2, 3, 4, 5].map((fifth) => (fifth * seconds * 1e6) / 5);
  return new Axis(edgesUs, first, 0, seconds * 1e6, ticks);
}

/**
 * The log axis, fitted to the base rows `extent`; from 1 ms to 80 s without `extent`.
 * @param {number[]} edgesUs
 * @param {[number, number] | undefined} extent
 * @param {number} slowMs an edge that is kept, so that slow begins on a line
 */
export function logAxis(edgesUs, extent, slowMs) {
  const [lowUs, highUs] = extent ? fitted(edgesUs, extent, slowMs) : [FULL_LOW_US, FULL_HIGH_US];
  const anchors = [lowUs, highUs];
  const ticks = [lowUs, highUs];
  for (let decade = 1000; decade < highUs; decade *= 10) {
    if (decade > lowUs) {
      anchors.push(decade);
      ticks.push(decade);
    }
  }
  if (slowMs * 1000 > lowUs && slowMs * 1000 < highUs) anchors.push(slowMs * 1000);
  anchors.sort((a, b) => a - b);

  const span = Math.log(highUs / lowUs);
  /** @type {Set<number>} */
  const first = new Set([lowerBound(edgesUs, lowUs)]);
  for (let index = 0; index + 1 < anchors.length; index++) {
    const low = anchors[index] ?? lowUs;
    const high = anchors[index + 1] ?? highUs;
    if (high <= low) continue;
    const rows = Math.max(1, Math.round((LOG_ROWS * Math.log(high / low)) / span));
    for (let row = 0; row < rows; row++) {
      first.add(nearest(edgesUs, low * Math.exp((Math.log(high / low) * row) / rows)));
    }
  }
  const top = lowerBound(edgesUs, highUs);
  const rows = [...first].filter((base) => base < top).sort((a, b) => a - b);
  return new Axis(edgesUs, rows, lowUs, highUs, [...new Set(ticks)].sort((a, b) => a - b));
}

/**
 * Whole steps of 1, 2 and 5 around the data that include the slow threshold.
 * @param {number[]} edgesUs @param {[number, number]} extent @param {number} slowMs
 * @returns {[number, number]}
 */
function fitted(edgesUs, extent, slowMs) {
  const bottom = Math.max(FULL_LOW_US, edgesUs[extent[0]] ?? 0);
  const top = Math.max(edgesUs[extent[1] + 1] ?? FULL_HIGH_US, slowMs * 2000);
  const steps = [];
  for (let decade = 1000; decade <= 1e8; decade *= 10) steps.push(decade, decade * 2, decade * 5);
  let low = steps.filter((step) => step <= bottom).at(-1) ?? FULL_LOW_US;
  let high = Math.min(steps.find((step) => step >= top) ?? FULL_HIGH_US, FULL_HIGH_US);
  if (high > 2e7) high = FULL_HIGH_US;
  while (high / low < FIT_FACTOR && low > FULL_LOW_US) low = steps[steps.indexOf(low) - 1] ?? FULL_LOW_US;
  if (high / low < FIT_FACTOR) high = Math.min(FULL_HIGH_US, low * 100);
  return [low, high];
}

/** Index of the first edge at or over `us`. @param {number[]} edges @param {number} us */
export function lowerBound(edges, us) {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? 0) < us) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param {number[]} edges @param {number} us */
function nearest(edges, us) {
  const above = lowerBound(edges, us);
  const over = (edges[above] ?? Infinity) / us;
  const under = us / Math.max(1, edges[above - 1] ?? 1);
  return over <= under ? above : above - 1;
}
