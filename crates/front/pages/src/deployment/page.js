// @ts-check
// The page of one deployment. While the comparison runs, it fetches itself again and takes over
// what has changed.

import { pageData, part } from "../lib/page-data.js";
import { Pair } from "./pair.js";

/** @typedef {import("./pair.js").PairData} PairData */

/** One column: the data of a verdict does not change more often. */
const EVERY_MS = 5000;

const root = part(document, "[data-deploy]", HTMLElement);
const data = /** @type {PairData} */ (pageData("deploy-data"));
const pair = new Pair(root, data);

async function renew() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return true;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const have of root.querySelectorAll("[data-fresh]")) {
    const next = fresh.querySelector(`[data-fresh="${have.getAttribute("data-fresh")}"]`);
    // A part that has the focus, or is being read out, stays until it has changed.
    if (next && next.innerHTML !== have.innerHTML && !have.contains(document.activeElement)) have.replaceChildren(...next.childNodes);
  }
  const block = fresh.getElementById("deploy-data");
  const next = /** @type {PairData} */ (JSON.parse(block?.textContent ?? "null"));
  if (!next) return true;
  pair.update(next);
  return next.running;
}

let running = data.running;
setInterval(() => {
  if (!running || document.hidden) return;
  // If this request fails, the next turn tries again.
  renew().then((more) => { running = more; }, () => {});
}, EVERY_MS);
