// @ts-check
// The list of deployments: new ones appear at the top, and each visible row requests its verdict.

import { keepFresh } from "../lib/renew.js";

/** Most verdict requests at a time. */
const AT_ONCE = 1;
/** Timeout of a request. */
const LONGEST_MS = 15000;

/**
 * Verdicts as HTML, by URL. A verdict of a running comparison is shown until there is a newer one.
 */
/** @type {Map<string, { html: string, running: boolean }>} */
const known = new Map();
/** @type {HTMLElement[]} */
let waiting = [];
let asked = 0;

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting || !(target instanceof HTMLElement)) continue;
    seen.unobserve(target);
    waiting.push(target);
  }
  next();
});

function next() {
  while (asked < AT_ONCE && waiting.length) {
    const cell = waiting.shift();
    if (!cell?.isConnected) continue;
    asked += 1;
    void ask(cell).finally(() => {
      asked -= 1;
      next();
    });
  }
}

/** @param {HTMLElement} cell */
async function ask(cell) {
  const address = cell.dataset["fragment"] ?? "";
  try {
    const answer = await fetch(address, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(LONGEST_MS) });
    // A row without a verdict is requested again at the next update.
    if (!answer.ok) return;
    const html = await answer.text();
    known.set(address, { html, running: html.includes("data-running") });
    show(cell, html);
  } catch {
    // The live badge shows that the server is away.
  }
}

/** @param {HTMLElement} cell @param {string} html */
function show(cell, html) {
  const fragment = new DOMParser().parseFromString(html, "text/html");
  cell.replaceChildren(...fragment.body.childNodes);
}

function fill() {
  seen.disconnect();
  waiting = [];
  for (const cell of document.querySelectorAll("[data-fragment]")) {
    if (!(cell instanceof HTMLElement)) continue;
    const have = known.get(cell.dataset["fragment"] ?? "");
    if (have) show(cell, have.html);
    if (!have || have.running) seen.observe(cell);
  }
}

fill();
keepFresh(fill);
