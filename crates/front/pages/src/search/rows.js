// @ts-check
// The found spans as table rows, newest first.

import { part } from "../lib/page-data.js";
import { tellDuration, tellTime } from "../lib/times.js";

/**
 * @typedef {object} Item
 * @property {string} trace_id
 * @property {string} span_id
 * @property {string} service
 * @property {string} name
 * @property {number} end_ms
 * @property {number} duration_ms
 * @property {{ key: string, value: string }} matched
 * @property {{ operation: string, outcome: "ok" | "slow" | "error" } | null} transaction
 */

/** Longest value that is shown completely, in characters. */
const LETTERS = 300;

export class Rows {
  /** Spans of earlier rounds. @type {Item[]} */
  #before = [];
  /** Spans of the present round. @type {Item[]} */
  #round = [];

  /** @param {HTMLTableSectionElement} body @param {import("../lib/words.js").Words} words */
  constructor(body, words) {
    this.body = body;
    this.words = words;
    this.template = part(document, "template#search-row", HTMLTemplateElement);
  }

  get length() {
    return this.#before.length + this.#round.length;
  }

  beginRound() {
    this.#round = [];
    this.#draw();
  }

  /** @param {Item[]} items @param {number} most */
  add(items, most) {
    this.#round.push(...items);
    this.#round.sort((a, b) => b.end_ms - a.end_ms || (a.trace_id < b.trace_id ? 1 : -1));
    this.#round.length = Math.min(this.#round.length, most);
    this.#draw();
  }

  /** The server's final answer replaces the spans found so far in the round. @param {Item[]} items */
  endRound(items) {
    this.#before.push(...items);
    this.#round = [];
    this.#draw();
  }

  #draw() {
    const items = [...this.#before, ...this.#round];
    this.body.replaceChildren(...items.map((item) => this.#row(item)));
  }

  /** @param {Item} item */
  #row(item) {
    const row = this.template.content.firstElementChild?.cloneNode(true);
    if (!(row instanceof HTMLElement)) throw new Error("the row's template is empty");
    const mark = part(row, ".mark", HTMLElement);
    if (item.transaction) {
      mark.hidden = false;
      mark.classList.add(`mark-${item.transaction.outcome}`);
      part(row, ".hidden-visually", HTMLElement).textContent = this.words.say(`map-mark-${item.transaction.outcome}`);
    }
    tellTime(part(row, "time", HTMLTimeElement), item.end_ms, "date-millis");
    tellDuration(part(row, ".number", HTMLElement), item.duration_ms);
    const name = item.transaction?.operation ?? item.name;
    const link = part(row, ".line-link", HTMLAnchorElement);
    link.href = `/traces/${item.trace_id}?span=${item.span_id}`;
    link.title = name;
    /** @param {string} cell @param {string} text */
    const tell = (cell, text) => { part(row, `[data-cell="${cell}"]`, HTMLElement).textContent = text; };
    tell("service", item.service);
    tell("name", name);
    tell("key", item.matched.key);
    const { value } = item.matched;
    tell("value", value.length > LETTERS ? `${value.slice(0, LETTERS)}…` : value);
    return row;
  }
}
