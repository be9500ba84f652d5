// @ts-check
// Labels on the map: patterns with their outline, deployments with their line.

import { color } from "../../lib/colors.js";
import { durationText, edgeText, number, time } from "../../lib/format.js";
import { LEFT } from "./geometry.js";
import { boxRect } from "./marks.js";

/** @typedef {import("./map.js").HitMap} HitMap */
/** @typedef {import("./data.js").Pattern} Pattern */
/** @typedef {import("./data.js").Marker} Marker */
/** @typedef {{ x: number, y: number, width: number, height: number }} Rect */

const HEIGHT = 20;
/** A pattern that is absent from this many newest columns has ended. */
const ENDED_COLUMNS = 6;
/** In a longer window, a time without a date would be ambiguous. */
const DATED_MS = 12 * 3_600_000;

export class Labels {
  /** Labels that are on the page, by their text. @type {Map<string, HTMLElement>} */
  #have = new Map();

  /** @param {HitMap} map */
  constructor(map) {
    this.map = map;
    this.host = document.createElement("div");
    this.host.className = "hitmap-labels";
    map.body.append(this.host);
  }

  /** Draws outlines and lines on the canvas of marks. @param {CanvasRenderingContext2D} context */
  paint(context) {
    const { geometry } = this.map;
    for (const marker of this.map.deployments) {
      const x = this.#x(marker.at_ms);
      if (x === undefined) continue;
      context.strokeStyle = color("--text");
      context.lineWidth = 1;
      context.setLineDash([3, 3]);
      context.beginPath();
      context.moveTo(x + 0.5, geometry.top - 8);
      context.lineTo(x + 0.5, geometry.bottom);
      context.stroke();
      context.setLineDash([]);
    }
    for (const pattern of this.map.patterns) {
      const rect = this.#rect(pattern);
      if (!rect) continue;
      context.strokeStyle = color(pattern.kind === "horizontal" && pattern.failed * 2 >= pattern.count ? "--err" : "--slow");
      context.lineWidth = 1.5;
      context.strokeRect(rect.x - 1, rect.y - 1, rect.width + 2, rect.height + 2);
    }
  }

  /** Places each label where there is room for it. */
  place() {
    /** @type {Map<string, HTMLElement>} */
    const shown = new Map();
    /** @type {Rect[]} */
    const taken = [];
    for (const marker of this.map.deployments) {
      const x = this.#x(marker.at_ms);
      if (x === undefined) continue;
      const key = `deploy ${marker.at_ms} ${marker.label}`;
      const label = this.#have.get(key) ?? this.#deployment(marker);
      shown.set(key, label);
      this.#put(label, x + 4, 1, taken);
    }
    for (const pattern of this.map.patterns) {
      const rect = this.#rect(pattern);
      if (!rect) continue;
      const key = `${pattern.kind} ${this.#text(pattern)}`;
      const label = this.#have.get(key) ?? this.#pattern(pattern);
      shown.set(key, label);
      const above = rect.y - HEIGHT - 4;
      this.#put(label, rect.x, above > 0 ? above : rect.y + rect.height + 4, taken);
    }
    for (const [key, label] of this.#have) if (!shown.has(key)) label.remove();
    this.#have = shown;
  }

  /** Moves a label down until it overlaps no other. @param {HTMLElement} label @param {number} x @param {number} y @param {Rect[]} taken */
  #put(label, x, y, taken) {
    if (!label.isConnected) this.host.append(label);
    const { geometry } = this.map;
    const width = label.offsetWidth;
    const rect = { x: Math.max(LEFT, Math.min(x, LEFT + geometry.plotWidth - width)), y, width, height: HEIGHT };
    const hits = (/** @type {Rect} */ other) => rect.x < other.x + other.width && other.x < rect.x + width && rect.y < other.y + other.height && other.y < rect.y + HEIGHT;
    for (let tries = 0; tries < 12 && taken.some(hits); tries++) rect.y += HEIGHT + 2;
    rect.y = Math.min(rect.y, geometry.bottom - HEIGHT);
    taken.push(rect);
    label.style.insetInlineStart = `${rect.x}px`;
    label.style.insetBlockStart = `${rect.y}px`;
  }

  /** @param {Marker} marker */
  #deployment(marker) {
    const link = document.createElement("a");
    link.className = "hitmap-label label-deploy";
    link.href = marker.href;
    link.textContent = marker.label;
    link.title = `${marker.label} · ${time(marker.at_ms, "seconds")}`;
    // A drag that begins on the label is a drag over the map.
    link.draggable = false;
    return link;
  }

  /** A button that selects the pattern, and one that explains it. @param {Pattern} pattern */
  #pattern(pattern) {
    const label = document.createElement("span");
    label.className = `hitmap-label label-${pattern.kind}`;
    const choose = document.createElement("button");
    choose.type = "button";
    choose.textContent = this.#text(pattern);
    choose.addEventListener("click", () => this.onChoose(pattern));
    const help = document.createElement("button");
    help.type = "button";
    help.className = "help";
    help.setAttribute("popovertarget", `help-shape-${pattern.kind}`);
    const mark = document.createElement("span");
    mark.textContent = "?";
    mark.setAttribute("aria-hidden", "true");
    help.setAttribute("aria-label", this.map.words.say("help-what", { title: this.#text(pattern) }));
    help.append(mark);
    label.append(choose, help);
    // These keys are not for the map, except for Escape, which clears the selection here too.
    label.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") event.stopPropagation();
    });
    return label;
  }

  /** Called on a click on a pattern's name. @type {(pattern: Pattern) => void} */
  onChoose = () => {};

  /** @param {Pattern} pattern */
  #text(pattern) {
    const { words, model } = this.map;
    // A pattern that ended before the newest columns is not described as "since".
    const ended = pattern.kind === "horizontal" && pattern.to_ms < model.toMs - ENDED_COLUMNS * model.columnMs;
    // A pattern at the edge of the window began before it.
    const before = pattern.kind === "horizontal" && pattern.from_ms <= model.fromMs + model.columnMs;
    // Month, day and minute; there is no room for more.
    const dated = model.toMs - model.fromMs > DATED_MS;
    const when = (/** @type {number} */ ms) => dated ? time(ms, "date").slice(5, 16) : time(ms, "seconds");
    // A timeout fails. What succeeds after a constant time may be anything.
    const kind = pattern.kind === "horizontal" && pattern.failed * 2 < pattern.count ? "line" : pattern.kind;
    const name = words.say(`pattern-${kind}${ended ? "-ended" : before ? "-before" : ""}`, {
      end: when(pattern.to_ms),
      // A lock was released within the last column.
      time: when(pattern.kind === "vertical" ? pattern.to_ms - model.columnMs : pattern.from_ms),
      constant: edgeText(pattern.constant_ms ?? 0),
      period: durationText(pattern.period_ms ?? 0),
      times: number(pattern.strength),
    });
    return pattern.of_all ? words.say("pattern-of-all", { name }) : name;
  }

  /** @param {Pattern} pattern */
  #rect(pattern) {
    const box = this.map.boxOf({ t0: pattern.from_ms, t1: pattern.to_ms, d0: pattern.min_ms, d1: pattern.max_ms });
    // Around whole cells, whatever rows the axis has.
    const [low, high] = [(/** @type {number} */ at) => Math.floor(at + 1e-6), (/** @type {number} */ at) => Math.ceil(at - 1e-6)];
    return boxRect(this.map.geometry, { c0: low(box.c0), c1: high(box.c1), r0: low(box.r0), r1: high(box.r1) });
  }

  /** @param {number} ms */
  #x(ms) {
    const { geometry, model } = this.map;
    const column = (ms - model.fromMs) / model.columnMs;
    return column < 0 || column > model.columns ? undefined : Math.round(geometry.x(column));
  }
}
