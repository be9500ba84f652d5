// @ts-check
// The map of client calls. It is drawn like the hitmap but takes no selection, because calls have
// no list.

import { pageData } from "../../lib/page-data.js";
import { Words } from "../../lib/words.js";
import { HitMap } from "./map.js";

/** @typedef {import("./data.js").PageData} PageData */

/** Draws the page's map; does nothing if there is none. */
export function drawCalls() {
  const panel = document.querySelector("[data-hitmap]");
  if (!(panel instanceof HTMLElement)) return;
  const data = /** @type {PageData} */ (pageData("hitmap-data"));
  const map = new HitMap(panel, data, new Words(data.words), { axis: "log", outcome: "", tall: false });
  map.ofCalls = true;
  map.waiting = data.live;
}
