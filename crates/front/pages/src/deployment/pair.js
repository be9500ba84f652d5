// @ts-check
// Two hitmaps side by side on one axis, so that a glance shows what has changed.

import { part } from "../lib/page-data.js";
import { inMicroseconds, logAxis } from "../parts/hitmap_panel/axis.js";
import { Geometry } from "../parts/hitmap_panel/geometry.js";
import { MapModel } from "../parts/hitmap_panel/model.js";
import { paintMap, readColors } from "../parts/hitmap_panel/paint.js";

/**
 * @typedef {object} PairData
 * @property {boolean} running
 * @property {number} at_ms
 * @property {import("../parts/hitmap_panel/data.js").Grid[]} maps
 * @property {Record<string, string>} words
 */

/** Height of a row in pixels. */
const ROW = 4;
const ROW_WIDE = 6;

export class Pair {
  /** @param {HTMLElement} root @param {PairData} data */
  constructor(root, data) {
    this.hosts = [0, 1].map((side) => part(root, `[data-pair="${side}"]`, HTMLElement));
    this.data = data;
    this.colors = readColors();
    document.addEventListener("hm:theme", () => {
      this.colors = readColors();
      this.paint();
    });
    const observer = new ResizeObserver(() => this.paint());
    for (const host of this.hosts) observer.observe(host);
  }

  /** @param {PairData} data */
  update(data) {
    this.data = data;
    this.paint();
  }

  paint() {
    const [before] = this.data.maps;
    if (!before) return;
    const slowMs = before.slow_ms;
    const models = this.data.maps.map((map) => {
      const model = new MapModel(map.from_ms, map.to_ms, map.column_ms);
      model.reset(map.from_ms, map.to_ms, map.column_ms, map.cells);
      return model;
    });
    const extents = models.map((model) => model.extent()).filter((extent) => extent !== undefined);
    /** @type {[number, number] | undefined} */
    const extent = extents.length ? [Math.min(...extents.map(([low]) => low)), Math.max(...extents.map(([, high]) => high))] : undefined;
    const axis = logAxis(inMicroseconds(before.row_edges_ms), extent, slowMs);
    const height = axis.rows * (matchMedia("(min-width: 1600px)").matches ? ROW_WIDE : ROW);
    this.hosts.forEach((host, side) => {
      const model = models[side];
      if (!model) return;
      const geometry = new Geometry(host.clientWidth, height, model.columns, axis.rows);
      host.style.blockSize = `${geometry.height}px`;
      paintMap(part(host, "canvas", HTMLCanvasElement), geometry, axis, model, this.colors, slowMs);
      this.#tell(host, model.extent() === undefined, side === 1 && this.data.running);
    });
  }

  /** @param {HTMLElement} host @param {boolean} nothing @param {boolean} waiting */
  #tell(host, nothing, waiting) {
    host.querySelector("p")?.remove();
    if (!nothing) return;
    const text = document.createElement("p");
    text.textContent = this.data.words[waiting ? "map-waiting" : "map-no-transactions"] ?? "";
    host.append(text);
  }
}
