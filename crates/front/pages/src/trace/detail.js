// @ts-check
// The selected span, fetched as HTML from the server, so that a shared link shows the same.

/** Spans that are cached, so that going back and forth sends one request. */
const KEPT_MAX = 200;
/**
 * Time in milliseconds that the selection must rest before its span is fetched: arrow keys pass
 * over many spans.
 */
const REST = 90;

export class Detail {
  /** @type {HTMLElement} */ #panel;
  /** @type {Map<string, string>} */ #kept = new Map();
  /** @type {AbortController | undefined} */ #asking;
  #timer = 0;

  /** @param {HTMLElement} panel */
  constructor(panel) {
    this.#panel = panel;
    panel.addEventListener("input", (event) => this.#filtered(event));
  }

  /** @param {string} span @param {"pointer" | "keyboard"} how */
  show(span, how) {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    const kept = this.#kept.get(span);
    if (kept !== undefined) this.#fill(kept);
    else this.#timer = setTimeout(() => void this.#ask(span), how === "keyboard" ? REST : 0);
  }

  /** @param {string} span */
  async #ask(span) {
    const asking = new AbortController();
    this.#asking = asking;
    const slow = setTimeout(() => this.#panel.setAttribute("aria-busy", "true"), 150);
    try {
      const url = new URL(location.pathname, location.href);
      url.searchParams.set("span", span);
      url.searchParams.set("fragment", "span");
      const address = new URLSearchParams(location.search);
      for (const name of ["clock", "cursor"]) {
        const value = address.get(name);
        if (value) url.searchParams.set(name, value);
      }
      const answer = await fetch(url, { signal: asking.signal, headers: { accept: "text/html" } });
      if (!answer.ok) throw new Error(`${answer.status}`);
      const html = await answer.text();
      if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
      this.#kept.set(span, html);
      this.#fill(html);
    } catch (error) {
      if (asking.signal.aborted) return;
      const message = document.createElement("p");
      message.className = "t-lost";
      message.textContent = this.#panel.dataset["lost"] ?? String(error);
      this.#panel.replaceChildren(message);
    } finally {
      clearTimeout(slow);
      if (this.#asking === asking) this.#panel.removeAttribute("aria-busy");
    }
  }

  /** @param {string} html rendered and escaped by the server */
  #fill(html) {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    this.#panel.replaceChildren(...parsed.body.childNodes);
    this.#panel.removeAttribute("aria-busy");
    this.#panel.scrollTop = 0;
    this.#panel.dispatchEvent(new CustomEvent("trace:detail", { bubbles: true }));
  }

  /** Shows only the attributes that contain the typed text. @param {Event} event */
  #filtered(event) {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || !input.matches("[data-filter]")) return;
    const wanted = input.value.trim().toLowerCase();
    for (const row of this.#panel.querySelectorAll("[data-attribute]")) {
      row.toggleAttribute("hidden", wanted !== "" && !(row.textContent ?? "").toLowerCase().includes(wanted));
    }
  }
}
