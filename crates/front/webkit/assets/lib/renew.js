// @ts-check
// Updates a page part by part: elements with `data-renew` are fetched again from the server every
// few seconds while the range is live, and replaced where they differ.

import { helpIsOpen, takeHelps } from "./help.js";
import { showClock, showState } from "./live-pill.js";
import { retellTimes } from "./times.js";

const EVERY_MS = 5000;
/** Without an answer for this long, the page counts as stale. */
const STALE_MS = 15000;

/** @param {() => void} renewed called with the new part in place */
export function keepFresh(renewed) {
  const first = document.querySelector("[data-renew]");
  if (!(first instanceof HTMLElement) || first.dataset["renew"] !== "live") return;
  let freshAt = performance.now();
  let askedAt = freshAt;
  let busy = false;

  async function renew() {
    busy = true;
    askedAt = performance.now();
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(STALE_MS) });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-renew]");
      const old = document.querySelector("[data-renew]");
      if (!fresh || !old) return;
      freshAt = performance.now();
      const focused = old.contains(document.activeElement) && document.activeElement instanceof Element
        ? document.activeElement.getAttribute("href") : null;
      const scrolled = [...old.querySelectorAll("[data-map-scroll]")].map((each) => [each.scrollLeft, each.scrollTop]);
      const sorted = [...old.querySelectorAll("th[aria-sort] [data-sort]")].map((each) => /** @type {const} */ ([
        each.getAttribute("data-sort") ?? "", each.closest("th")?.getAttribute("aria-sort") ?? "",
      ]));
      takeHelps(page);
      old.replaceWith(document.adoptNode(fresh));
      [...fresh.querySelectorAll("[data-map-scroll]")].forEach((each, index) => {
        each.scrollTo(scrolled[index]?.[0] ?? 0, scrolled[index]?.[1] ?? 0);
      });
      retellTimes(fresh);
      renewed();
      for (const [column, direction] of sorted) sortAgain(fresh, column, direction);
      if (focused) {
        const again = [...fresh.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused);
        again?.focus({ preventScroll: true });
      }
      showClock(Date.now());
    } catch {
      // The next attempt tells whether the server is back. Until then the live badge shows the age
      // of the data.
    } finally {
      busy = false;
    }
  }

  setInterval(() => {
    if (document.hidden) {
      showState("paused", 0);
      return;
    }
    const age = performance.now() - freshAt;
    showState(age > STALE_MS ? "stale" : "live", Math.round(age / 1000));
    // An open menu or text is not taken away from the reader.
    const held = helpIsOpen() || document.querySelector("[data-renew] details[open]") !== null;
    if (!busy && !held && performance.now() - askedAt >= EVERY_MS) void renew();
  }, 1000);
}

/** Sorts a replaced table in the order that the reader had chosen. @param {Element} root @param {string} column @param {string} direction */
function sortAgain(root, column, direction) {
  const button = root.querySelector(`[data-sort="${CSS.escape(column)}"]`);
  const header = button?.closest("th");
  if (!(button instanceof HTMLElement)) return;
  for (let click = 0; click < 2 && header?.getAttribute("aria-sort") !== direction; click += 1) button.click();
}
