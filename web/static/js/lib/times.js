// @ts-check
// Times that the server has printed, told again in this browser's zone.

import { time } from "./format.js";

/** @param {ParentNode} root */
export function retellTimes(root) {
  for (const element of root.querySelectorAll("time[data-clock]")) {
    if (!(element instanceof HTMLTimeElement)) continue;
    const at = Date.parse(element.dateTime);
    const clock = /** @type {import("./format.js").Clock} */ (element.dataset["clock"]);
    if (Number.isFinite(at)) element.textContent = time(at, clock);
  }
}
