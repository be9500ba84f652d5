// @ts-check
// Small hitmaps on wide tiles, on screens that have room for them.

import { withQuery } from "../lib/address.js";
import { ramp } from "../lib/colors.js";

const WIDE = matchMedia("(min-width: 1600px)");
const EVERY_MS = 10000;
const ROWS = 36;
const LOW_MS = 1;
const HIGH_MS = 80000;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {[service: string, namespace: string, environment: string]} key
 * @param {{ from: number, to: number }} range
 */
async function draw(canvas, [service, namespace, environment], { from, to }) {
  const answer = await fetch(withQuery("/api/v1/hitmap", { service, namespace, environment, from, to }));
  if (!answer.ok) return;
  const map = await answer.json();
  const columns = Math.max(1, Math.round((map.to_ms - map.from_ms) / map.column_ms));
  const ratio = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (!width || !height) return;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  if (!context) return;
  /** @param {number} column */
  const left = (column) => Math.round((column * canvas.width) / columns);
  const cellHeight = Math.max(1, Math.floor(canvas.height / ROWS));
  const ramps = ["ok", "slow", "error"].map((name) => ramp(name, 16));
  const span = Math.log(HIGH_MS / LOW_MS);
  /** @type {Map<number, [number, number, number]>} */
  const cells = new Map();
  for (const [column, row, ok, slow, error] of map.cells) {
    const ms = Math.max(LOW_MS, map.row_edges_ms[row]);
    const at = Math.min(ROWS - 1, Math.floor((Math.log(ms / LOW_MS) / span) * ROWS));
    const key = column * ROWS + at;
    const sum = cells.get(key) ?? [0, 0, 0];
    cells.set(key, [sum[0] + ok, sum[1] + slow, sum[2] + error]);
  }
  for (const [key, counts] of cells) {
    const kind = counts[2] ? 2 : counts[1] ? 1 : 0;
    const step = Math.min(15, Math.round(Math.log2(1 + (counts[kind] ?? 0)) * 2.5));
    context.fillStyle = ramps[kind]?.[step] ?? "red";
    const column = Math.floor(key / ROWS);
    context.fillRect(left(column), canvas.height - ((key % ROWS) + 1) * cellHeight, left(column + 1) - left(column), cellHeight);
  }
}

/**
 * Draws one map after the other, so that a board with many problems does not request all of them at
 * once.
 */
export class Minis {
  #busy = false;
  #drawnAt = -Infinity;

  /**
   * @param {Element} board
   * @param {[string, string, string][]} tiles
   * @param {{ from: number, to: number }} range
   */
  async draw(board, tiles, range) {
    if (!WIDE.matches || this.#busy || performance.now() - this.#drawnAt < EVERY_MS) return;
    this.#busy = true;
    this.#drawnAt = performance.now();
    try {
      for (const canvas of board.querySelectorAll("canvas[data-mini]")) {
        const number = Number(canvas.closest("[data-tile]")?.getAttribute("data-tile"));
        const key = tiles[number];
        if (canvas instanceof HTMLCanvasElement && key) await draw(canvas, key, range);
      }
    } finally {
      this.#busy = false;
    }
  }

  /** The tiles were replaced: draw again as soon as possible. */
  forget() {
    this.#drawnAt = -Infinity;
  }
}
