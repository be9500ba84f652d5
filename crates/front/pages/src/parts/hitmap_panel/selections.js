// @ts-check
// The selections on the map: one region, or two side by side, each with its list, and stored in the
// URL.

import { param, setAddress } from "../../lib/address.js";
import { part } from "../../lib/page-data.js";
import { SelectionList } from "./list.js";
import { LETTERS } from "./map.js";
import { readSelection, selectionText } from "./selection.js";

/** @typedef {import("./data.js").PageData} PageData */
/** @typedef {import("./data.js").Selection} Selection */
/** @typedef {import("./map.js").HitMap} HitMap */

const MOST = LETTERS.length;

export class Selections {
  /** @type {SelectionList[]} */
  #lists = [];
  /** Whether the first selection stays when another is made, although there is none yet. */
  #kept = false;

  /** @param {HTMLElement} side @param {HitMap} map @param {PageData} data */
  constructor(side, map, data) {
    this.side = side;
    this.map = map;
    this.data = data;
    this.rest = part(side, "[data-side-rest]", HTMLElement);
  }

  get any() {
    return this.#lists.length > 0;
  }

  /** Number of selections that stay when another is made, in addition to them or instead of the newest. @param {boolean} beside */
  keeps(beside) {
    const stay = beside || this.#kept ? this.#lists.length : this.#lists.length - 1;
    return Math.max(0, Math.min(MOST - 1, stay));
  }

  /** Selects a region, instead of the newest selection or in addition to it. @param {Selection} selection @param {boolean} beside */
  select(selection, beside) {
    const all = this.#lists.slice(0, this.keeps(beside)).map((list) => list.chosen.selection);
    this.#show([...all, selection]);
    this.#write();
  }

  /** Removes the newest selection. */
  clear() {
    if (!this.any) return;
    this.#show(this.#lists.slice(0, -1).map((list) => list.chosen.selection));
    this.#write();
    if (!this.any) this.map.body.focus({ preventScroll: true });
  }

  /** Reads the selections from the URL. */
  read() {
    const all = ["sel", "sel2"].map((name) => readSelection(param(name)));
    this.#show(all.filter((selection) => selection !== undefined));
  }

  #write() {
    const [first, second] = this.#lists.map((list) => selectionText(list.chosen.selection));
    setAddress({ sel: first ?? "", sel2: second ?? "" }, "push");
  }

  /** The map shows something else: requests every list again. */
  showAgain() {
    for (const list of this.#lists) list.show(list.chosen);
    this.map.paintMarks();
  }

  /** The map has new data. */
  renew() {
    for (const list of this.#lists) list.renew();
  }

  /** Moves the reader's focus to the newest list. */
  focus() {
    this.#lists.at(-1)?.focus();
  }

  /** @param {Selection[]} selections */
  #show(selections) {
    for (const list of this.#lists.splice(selections.length)) list.close();
    selections.forEach((selection, place) => {
      const list = this.#lists[place];
      // A selection that stays keeps its page and its place.
      if (list && selectionText(list.chosen.selection) === selectionText(selection)) return;
      const chosen = { selection, total: undefined };
      const shown = list ?? this.#open(chosen);
      shown.show(chosen);
    });
    if (this.#lists.length !== 1) this.#kept = false;
    this.#tell();
  }

  /** @param {import("./map.js").Chosen} chosen */
  #open(chosen) {
    const list = new SelectionList(this.side, this.map, this.data, chosen, {
      close: () => this.#close(list),
      keep: () => {
        this.#kept = !this.#kept;
        this.#tell();
      },
    });
    this.#lists.push(list);
    return list;
  }

  /** @param {SelectionList} list */
  #close(list) {
    list.close();
    this.#lists = this.#lists.filter((other) => other !== list);
    this.#kept = false;
    this.#tell();
    this.#write();
    if (!this.any) this.map.body.focus({ preventScroll: true });
    else this.focus();
  }

  #tell() {
    const two = this.#lists.length > 1;
    this.#lists.forEach((list, place) => list.name(two ? LETTERS[place] ?? "" : "", this.#kept));
    this.side.toggleAttribute("data-pair", two);
    this.rest.hidden = this.any;
    this.map.chosen = this.#lists.map((list) => list.chosen);
    this.map.paintMarks();
  }
}
