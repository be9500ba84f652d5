// @ts-check
// The service map: updates itself, highlights neighbours of the node under pointer or focus, and
// arrow keys walk from node to node.

import { keepFresh } from "../lib/renew.js";
import { Words } from "../lib/words.js";
import { enableTables } from "../service/tables.js";

const words = new Words({});

function graph() {
  return document.querySelector("[data-graph]");
}

/** @param {Element | null} node */
function pick(node) {
  const root = graph();
  if (!root) return;
  for (const each of root.querySelectorAll("[data-near]")) each.removeAttribute("data-near");
  const number = node?.getAttribute("data-node");
  root.toggleAttribute("data-picked", number !== undefined && number !== null);
  if (!node || !number) return;
  node.setAttribute("data-near", "");
  const near = new Set((node.getAttribute("data-joined") ?? "").split(" "));
  for (const each of root.querySelectorAll("[data-node]")) {
    if (near.has(each.getAttribute("data-node") ?? "")) each.setAttribute("data-near", "");
  }
  for (const edge of root.querySelectorAll("[data-ends]")) {
    if ((edge.getAttribute("data-ends") ?? "").split(" ").includes(number)) edge.setAttribute("data-near", "");
  }
}

/** The nearest node in a direction. @param {Element} from @param {number} dx @param {number} dy */
function next(from, dx, dy) {
  const nodes = [...(graph()?.querySelectorAll("[data-node]") ?? [])];
  const at = from.getBoundingClientRect();
  let best;
  let least = Infinity;
  for (const node of nodes) {
    if (node === from) continue;
    const to = node.getBoundingClientRect();
    const [x, y] = [to.left - at.left, to.top - at.top];
    const along = x * dx + y * dy;
    if (along <= 1) continue;
    const across = Math.abs(x * dy) + Math.abs(y * dx);
    const distance = along + 2 * across;
    if (distance < least) [best, least] = [node, distance];
  }
  return best;
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {EventTarget | null} target */
function nodeOf(target) {
  return target instanceof Element ? target.closest("[data-node]") : null;
}

document.addEventListener("pointerover", (event) => pick(nodeOf(event.target) ?? nodeOf(document.activeElement)));
document.addEventListener("focusin", (event) => pick(nodeOf(event.target)));
document.addEventListener("focusout", () => pick(null));
document.addEventListener("keydown", (event) => {
  const node = nodeOf(event.target);
  const step = /** @type {Record<string, number[]>} */ (STEPS)[event.key];
  if (!node || !step || event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
  const to = next(node, step[0] ?? 0, step[1] ?? 0);
  if (to instanceof SVGElement) {
    event.preventDefault();
    to.focus();
    to.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
});

enableTables(words);
keepFresh(() => enableTables(words));
