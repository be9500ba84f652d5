// @ts-check
// The list of transactions: choosing a value applies it, j and k walk the rows, and the live tail
// may be on.

import "../shell/zone.js";
import { pageData } from "../lib/page-data.js";
import { Words } from "../lib/words.js";
import { Tail } from "./tail.js";

/** @typedef {{ live: string, words: Record<string, string> }} TailData */

const form = document.querySelector("[data-list-filters]");
if (form instanceof HTMLFormElement) {
  form.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement) form.requestSubmit();
  });
  form.addEventListener("formdata", (event) => {
    // Parameters that are not set are left out of the URL.
    for (const [name, value] of [...event.formData.entries()]) {
      if (value === "") event.formData.delete(name);
    }
  });
}

document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLElement && event.target.matches("input, select, textarea");
  const step = event.key === "j" ? 1 : event.key === "k" ? -1 : 0;
  if (!step || typing || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const links = [...document.querySelectorAll(".line-link")].filter((link) => link instanceof HTMLAnchorElement);
  const at = links.findIndex((link) => link === document.activeElement);
  links[Math.min(links.length - 1, Math.max(0, at + step))]?.focus();
});

const followed = document.querySelector("[data-tail]");
if (followed instanceof HTMLElement) {
  const data = /** @type {TailData} */ (pageData("page-data"));
  new Tail(followed, data.live, new Words(data.words));
}
