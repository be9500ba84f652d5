// @ts-check
// Times and durations in the page: formatted as the server does, and the server's own times
// converted to this browser's zone.

import { duration, time } from "./format.js";

/** @param {ParentNode} root */
export function retellTimes(root) {
  for (const element of root.querySelectorAll("time[data-clock]")) {
    if (!(element instanceof HTMLTimeElement)) continue;
    const at = Date.parse(element.dateTime);
    const clock = /** @type {import("./format.js").Clock} */ (element.dataset["clock"]);
    if (Number.isFinite(at)) element.textContent = time(at, clock);
  }
}

/** Sets an instant in its element, with UTC as the tooltip. @param {HTMLTimeElement} element @param {number} at @param {import("./format.js").Clock} clock */
export function tellTime(element, at, clock) {
  element.dateTime = new Date(at).toISOString();
  element.title = element.dateTime;
  element.textContent = time(at, clock);
}

/** Adds a duration with its unit to an element. @param {HTMLElement} element @param {number} ms */
export function tellDuration(element, ms) {
  const { number, unit } = duration(ms);
  const small = document.createElement("span");
  small.className = "unit";
  small.textContent = unit;
  element.append(number, small);
}
