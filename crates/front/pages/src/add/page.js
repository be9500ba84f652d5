// @ts-check
// "Add a service": copies the settings, and reports a new service as soon as it has sent data.

import { copyFrom } from "../lib/copy.js";
import { pageData, part } from "../lib/page-data.js";
import { Stream } from "../lib/stream.js";

/** @typedef {{ services: { service: string, namespace: string, environment: string, columns: object[] }[] }} LiveServices */

/** Services known when the page was rendered: name, namespace, environment. */
const known = new Set((/** @type {string[][]} */ (pageData("add-data"))).map((key) => JSON.stringify(key)));
const list = part(document, "[data-arrived]", HTMLUListElement);
const waiting = part(document, "[data-waiting]", HTMLElement);

/** @param {LiveServices} live */
function take(live) {
  for (const { service, namespace, environment, columns } of live.services) {
    const key = JSON.stringify([service, namespace, environment]);
    if (known.has(key) || !columns.length) continue;
    known.add(key);
    list.append(arrived(service, environment));
    waiting.hidden = true;
  }
}

/** @param {string} service @param {string} environment */
function arrived(service, environment) {
  const item = document.createElement("li");
  const mark = document.createElement("i");
  mark.className = "mark mark-ok";
  const name = document.createElement("b");
  name.textContent = environment ? `${service}, ${environment}` : service;
  const word = document.createElement("span");
  word.textContent = list.dataset["word"] ?? "";
  const link = document.createElement("a");
  link.className = "button button-primary";
  link.href = `/services/${encodeURIComponent(service)}`;
  link.textContent = list.dataset["open"] ?? "";
  item.append(mark, name, word, link);
  return item;
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copy-button]") : null;
  const text = button?.parentElement?.querySelector("[data-copy-text]")?.textContent;
  if (button instanceof HTMLElement && text) void copyFrom(button, text, button.dataset["copied"] ?? "");
});

new Stream("/api/v1/live", take, () => {});
