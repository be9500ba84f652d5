// @ts-check
// Suggestions of the search box while a person types: services, earlier searches, other places to
// search. Enter without a choice sends the text to the server.

import { param, withQuery } from "../lib/address.js";
import { forget, recent, remember } from "./recent.js";

/** @typedef {{ text: string, hint: string, go: () => void, forgets?: boolean }} Offer */

const SERVICES_MOST = 6;
/** Services change over time, so older names are requested again. */
const FRESH_MS = 60_000;
const TRACE = /^[0-9a-f]{32}$/i;

class Finder {
  /** @type {Offer[]} */
  #offers = [];
  #chosen = -1;
  /** @type {string[]} */
  #services = [];
  #askedAt = -FRESH_MS;

  /** @param {HTMLFormElement} form @param {HTMLInputElement} input @param {HTMLElement} list */
  constructor(form, input, list) {
    this.form = form;
    this.input = input;
    this.list = list;
    this.words = form.dataset;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", list.id);
    input.addEventListener("focus", () => void this.#learn());
    input.addEventListener("input", () => this.#offer());
    input.addEventListener("click", () => { if (list.hidden) this.#offer(); });
    input.addEventListener("keydown", (event) => this.#key(event));
    input.addEventListener("blur", () => this.#close());
    form.addEventListener("submit", (event) => {
      if (input.value.trim() === "") event.preventDefault();
      remember(input.value);
    });
    // The box keeps the focus while the pointer chooses.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const item = event.target instanceof Element ? event.target.closest("li") : null;
      if (item) this.#offers[[...list.children].indexOf(item)]?.go();
    });
  }

  async #learn() {
    if (performance.now() - this.#askedAt < FRESH_MS) return;
    this.#askedAt = performance.now();
    try {
      const answer = await fetch("/api/v1/services?from=now-1m", { headers: { accept: "application/json" } });
      if (!answer.ok) return;
      /** @type {{ items: { service: string }[] }} */
      const { items } = await answer.json();
      this.#services = [...new Set(items.map((item) => item.service))].sort();
      if (this.list.hidden) return;
      // A suggestion that was chosen meanwhile stays chosen.
      const chosen = this.#offers[this.#chosen];
      this.#offer();
      if (chosen) this.#choose(this.#offers.findIndex(({ text, hint }) => text === chosen.text && hint === chosen.hint));
    } catch {
      // Without names, the other suggestions are shown. Enter asks the server anyway.
    }
  }

  #offer() {
    const { words } = this;
    const text = this.input.value.trim();
    const lower = text.toLowerCase();
    const has = (/** @type {string} */ name) => name.toLowerCase().includes(lower);
    const before = recent().filter((asked) => text === "" || (has(asked) && asked !== text));
    /** @type {Offer[]} */
    const offers = [];
    if (TRACE.test(text)) offers.push({ text, hint: words["wordsTrace"] ?? "", go: () => this.#ask(text) });
    else if (text) {
      const starting = (/** @type {string} */ name) => Number(!name.toLowerCase().startsWith(lower));
      const found = this.#services.filter(has).sort((a, b) => starting(a) - starting(b)).slice(0, SERVICES_MOST);
      for (const name of found) offers.push({ text: name, hint: words["wordsService"] ?? "", go: () => this.#open(name, serviceAddress(name)) });
    }
    for (const asked of before) offers.push({ text: asked, hint: words["wordsRecent"] ?? "", go: () => this.#ask(asked) });
    if (text && !TRACE.test(text)) {
      offers.push({ text, hint: words["wordsSpans"] ?? "", go: () => this.#open(text, withQuery("/search", { q: text, spans: "1" })) });
      offers.push({ text, hint: words["wordsTransactions"] ?? "", go: () => this.#open(text, withQuery("/transactions", { ...place(), q: text })) });
    }
    if (text === "" && before.length) {
      offers.push({ text: words["wordsForget"] ?? "", hint: "", forgets: true, go: () => { forget(); this.#offer(); } });
    }
    this.#show(offers);
  }

  /** @param {Offer[]} offers */
  #show(offers) {
    this.#offers = offers;
    this.list.replaceChildren(...offers.map((offer, at) => {
      const item = document.createElement("li");
      item.id = `find-${at}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      if (offer.forgets) item.className = "find-forget";
      const text = document.createElement("b");
      text.textContent = offer.text;
      const hint = document.createElement("span");
      hint.textContent = offer.hint;
      item.append(text, ...(offer.hint ? [hint] : []));
      return item;
    }));
    this.list.hidden = offers.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.#choose(-1);
  }

  #close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.#choose(-1);
  }

  /** @param {number} at */
  #choose(at) {
    this.#chosen = at;
    [...this.list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    const item = this.list.children[at];
    if (item) {
      this.input.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step) {
      event.preventDefault();
      if (this.list.hidden) this.#offer();
      const places = this.#offers.length + 1;
      this.#choose(((this.#chosen + 1 + step + places) % places) - 1);
    } else if (event.key === "Enter" && this.#chosen >= 0) {
      event.preventDefault();
      this.#offers[this.#chosen]?.go();
    } else if (event.key === "Escape" && !this.list.hidden) {
      // The first Escape closes the list, the next one leaves the box.
      event.stopPropagation();
      event.preventDefault();
      this.#close();
    }
  }

  /** @param {string} text */
  #ask(text) {
    this.input.value = text;
    this.form.requestSubmit();
  }

  /** @param {string} asked @param {string} address */
  #open(asked, address) {
    remember(asked);
    location.assign(address);
  }
}

/** Range and environment, which links keep. */
function place() {
  return { environment: param("environment"), from: param("from"), to: param("to") };
}

/** @param {string} name */
function serviceAddress(name) {
  const segment = name === "." || name === ".." ? name.replaceAll(".", "%2E") : encodeURIComponent(name);
  return withQuery(`/services/${segment}`, place());
}

const form = document.querySelector("[data-find]");
const input = form?.querySelector("[data-search]");
const list = form?.querySelector("[data-find-list]");
if (form instanceof HTMLFormElement && input instanceof HTMLInputElement && list instanceof HTMLElement) new Finder(form, input, list);
