// @ts-check
// What makes the selected transactions different from the rest of the window, shown beside their
// list.

import { withQuery } from "../../lib/address.js";
import { count, number } from "../../lib/format.js";
import { part } from "../../lib/page-data.js";

/** @typedef {import("./data.js").Difference} Difference */
/** @typedef {import("./data.js").Differences} Answer */
/** @typedef {{ count: number, of: number }} Counted */

/** Findings that are visible before the reader asks for the rest. */
const SHOWN = 6;
const SVG = "http://www.w3.org/2000/svg";

export class Differences {
  /** @type {AbortController | undefined} */
  #asking;

  /** @param {HTMLElement} element @param {import("../../lib/words.js").Words} words */
  constructor(element, words) {
    this.host = part(element, "[data-differences]", HTMLElement);
    this.words = words;
  }

  /** Requests the differences. What is shown stays until there is an answer. @param {Record<string, string | number | null | undefined>} query */
  async ask(query) {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.host.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(withQuery("/api/v1/differences", query), { signal: asking.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      this.#fill(await answer.json());
    } catch {
      if (asking.signal.aborted) return;
      this.#fill(undefined);
    } finally {
      if (this.#asking === asking) this.host.removeAttribute("aria-busy");
    }
  }

  stop() {
    this.#asking?.abort();
  }

  /** @param {Answer | undefined} answer */
  #fill(answer) {
    const body = part(this.host, "[data-differences-body]", HTMLElement);
    if (!answer) {
      body.replaceChildren(this.#note("diff-failed"));
      return;
    }
    const parts = [];
    const open = this.host.dataset["open"] !== undefined;
    const shown = open ? answer.findings : answer.findings.slice(0, SHOWN);
    if (shown.length) {
      const list = document.createElement("ol");
      list.className = "differences-list";
      list.append(...shown.map((finding) => this.#finding(finding)));
      parts.push(list);
    } else {
      parts.push(this.#note(answer.selected && answer.rest ? "diff-none" : "diff-nothing"));
    }
    if (answer.findings.length > shown.length) {
      const more = document.createElement("button");
      more.type = "button";
      more.className = "table-more";
      more.textContent = this.words.say("chart-show-all", { count: count(answer.findings.length) });
      more.addEventListener("click", () => {
        this.host.dataset["open"] = "";
        this.#fill(answer);
      });
      parts.push(more);
    }
    if (answer.time.length) parts.push(...this.#time(answer));
    if (answer.alike.length) {
      parts.push(this.#note("diff-alike", { names: answer.alike.map((name) => this.words.say(`diff-${name}`)).join(this.words.say("list-comma")) }));
    }
    if (answer.sampled.selected && answer.sampled.rest) {
      parts.push(this.#note("diff-sampled", { selected: count(answer.sampled.selected), rest: count(answer.sampled.rest) }));
    }
    body.replaceChildren(...parts);
  }

  /** @param {string} key @param {Record<string, string>} [values] */
  #note(key, values = {}) {
    const note = document.createElement("p");
    note.className = "note differences-note";
    note.textContent = this.words.say(key, values);
    return note;
  }

  /** @param {Difference} finding */
  #finding(finding) {
    const row = document.createElement("li");
    const name = document.createElement("span");
    name.className = "differences-name";
    const value = document.createElement("b");
    value.textContent = this.#value(finding);
    name.append(`${this.#dimension(finding)} `, value);
    name.title = [finding, ...finding.same].map((one) => `${this.#dimension(one)} ${this.#value(one)}`).join("\n");
    row.append(name, this.#shares(finding.selected, finding.rest), this.#bars(share(finding.selected), share(finding.rest)));
    if (finding.same.length) {
      const with_ = document.createElement("span");
      with_.className = "note differences-same";
      with_.textContent = this.words.say("diff-with", { names: finding.same.map((one) => `${this.#dimension(one)} ${this.#value(one)}`).join(this.words.say("list-comma")) });
      row.append(with_);
    }
    return row;
  }

  /** @param {{ dimension: string, key: string }} one */
  #dimension(one) {
    return one.dimension === "attribute" ? one.key : this.words.say(`diff-${one.dimension}`);
  }

  /** @param {{ dimension: string, value: string }} one */
  #value(one) {
    return one.dimension === "time_spent" ? this.words.say(`time-${one.value}`) : one.value;
  }

  /** @param {Counted} selected @param {Counted} rest */
  #shares(selected, rest) {
    const text = document.createElement("span");
    text.className = "differences-shares";
    const strong = document.createElement("b");
    strong.textContent = `${number(rounded(share(selected)))}\u00a0%`;
    text.append(strong, ` ${this.words.say("diff-vs", { share: `${number(rounded(share(rest)))}\u00a0%` })}`);
    text.title = `${count(selected.count)} / ${count(selected.of)} · ${count(rest.count)} / ${count(rest.of)}`;
    return text;
  }

  /** @param {number} selected @param {number} rest */
  #bars(selected, rest) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "differences-bars");
    svg.setAttribute("aria-hidden", "true");
    [selected, rest].forEach((value, line) => {
      for (const [name, width] of [["ground", 1], [line ? "rest" : "selected", value]]) {
        const bar = document.createElementNS(SVG, "rect");
        bar.setAttribute("class", `bar-${name}`);
        bar.setAttribute("y", String(line * 4));
        bar.setAttribute("height", "3");
        bar.setAttribute("width", `${Number(width) * 100}%`);
        svg.append(bar);
      }
    });
    return svg;
  }

  /** @param {Answer} answer */
  #time(answer) {
    const title = document.createElement("h3");
    title.className = "differences-part";
    title.textContent = this.words.say("diff-time");
    const list = document.createElement("ul");
    list.className = "differences-list";
    list.append(...answer.time.map((one) => {
      const row = document.createElement("li");
      const name = document.createElement("span");
      name.className = "differences-name";
      name.textContent = this.words.say(`time-${one.category}`);
      const [selected, rest] = [one.selected, one.rest].map((part) => ({ count: Math.round(part * 1000), of: 1000 }));
      if (selected && rest) {
        const shares = this.#shares(selected, rest);
        shares.removeAttribute("title");
        row.append(name, shares, this.#bars(one.selected, one.rest));
      }
      return row;
    }));
    return [title, list];
  }
}

/** @param {Counted} counted */
function share(counted) {
  return counted.of ? counted.count / counted.of : 0;
}

/** Whole percents; tenths below one percent. @param {number} part */
function rounded(part) {
  const percent = part * 100;
  return percent >= 1 ? Math.round(percent) : Math.round(percent * 10) / 10;
}
