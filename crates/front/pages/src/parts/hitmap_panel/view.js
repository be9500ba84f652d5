// @ts-check
// The hitmap with its controls: axis and outcome buttons, filters, selections, URL.

import { addressWith, param, setAddress, withQuery } from "../../lib/address.js";
import { helpIsOpen } from "../../lib/help.js";
import { pageData, part } from "../../lib/page-data.js";
import { Words } from "../../lib/words.js";
import { marker } from "./deployed.js";
import { feed } from "./feed.js";
import { followKeys } from "./keys.js";
import { HitMap } from "./map.js";
import { followPointer } from "./pointer.js";
import { Selections } from "./selections.js";
import { followSlowChoice } from "./slow.js";
import { Spent, spentOf } from "./spent.js";
import { Then, thenOf } from "./then.js";

/** @typedef {import("./data.js").PageData} PageData */
/** @typedef {import("./data.js").LiveData} LiveData */
/** @typedef {import("./data.js").OutcomeFilter} OutcomeFilter */

const AXES = ["5", "10", "20", "40", "80", "log"];

/**
 * @param {object} [options]
 * @param {boolean} [options.tall] the map takes the height of the window
 * @param {(live: LiveData, whole: boolean, fromMs: number, toMs: number) => void} [options.onLive]
 * @param {(fromMs: number, toMs: number) => Promise<void>} [options.onAsk]
 */
export function startHitmap(options = {}) {
  const data = /** @type {PageData} */ (pageData("hitmap-data"));
  const words = new Words(data.words);
  const panel = part(document, "[data-hitmap]", HTMLElement);
  const status = part(panel, "[data-map-status]", HTMLElement);
  const map = new HitMap(panel, data, words, {
    axis: axisOf(param("axis")),
    outcome: outcomeOf(param("outcome")),
    tall: options.tall ?? false,
  });
  map.waiting = data.live;
  const selections = new Selections(part(document, "[data-side]", HTMLElement), map, data);

  // A click on a pattern's name selects the cells on screen that contain the pattern.
  map.labels.onChoose = (pattern) => {
    const { fromMs, toMs, columnMs, columns } = map.model;
    // The last column of a live map still grows, so a list of it would not stay the same.
    const end = Math.min(pattern.to_ms, data.live ? toMs - columnMs : toMs);
    const column = (/** @type {number} */ ms) => Math.min(columns - 1, Math.max(0, Math.round((ms - fromMs) / columnMs)));
    const row = (/** @type {number} */ ms) => Math.min(map.axis.rows - 1, Math.max(0, Math.floor(map.axis.position(ms) + 1e-6)));
    const top = pattern.max_ms === null ? map.axis.rows - 1 : Math.ceil(map.axis.position(pattern.max_ms) - 1e-6) - 1;
    const low = row(pattern.min_ms);
    selections.select(map.selectionOf(
      { column: column(pattern.from_ms), row: low },
      { column: Math.max(column(pattern.from_ms), column(end - columnMs)), row: Math.max(low, top) },
    ), false);
  };

  /** @param {string} axis @param {"push" | "replace"} how */
  function setAxis(axis, how) {
    setAddress({ axis: axis === "log" ? "" : axis }, how);
    press("[data-axis]", "axis", axis);
    map.setAxis(axis);
  }

  /** @param {OutcomeFilter} outcome */
  function setOutcome(outcome) {
    press("[data-outcome]", "outcome", outcome);
    map.setOutcome(outcome);
    selections.showAgain();
  }

  const then = new Then(map, data, () => ({ service: data.service, y: map.spent, ...data.filters }));
  const spent = new Spent(map, data, () => {
    then.renew();
    selections.renew();
  });

  const spentChoice = part(panel, "[data-spent-choice]", HTMLSelectElement);
  spentChoice.addEventListener("change", () => {
    const name = spentOf(spentChoice.value);
    // The rows of a region have another meaning now.
    setAddress({ y: name, sel: "", sel2: "" }, "push");
    setSpent(name);
    selections.read();
  });

  /** @param {import("./spent.js").SpentName} name */
  function setSpent(name) {
    spentChoice.value = name;
    spentChoice.closest("label")?.classList.toggle("filter-chosen", name !== "");
    if (name === spent.name) return;
    spent.choose(name);
    then.forget();
  }

  const thenChoice = part(panel, "[data-then-choice]", HTMLSelectElement);
  thenChoice.addEventListener("change", () => {
    const name = thenOf(thenChoice.value);
    // The server draws the charts beside the map against the same other time, so the page is loaded
    // again.
    if (document.querySelector("[data-charts]")) {
      location.assign(addressWith({ vs: name, vs_from: "", vs_to: "" }));
      return;
    }
    setAddress({ vs: name }, "push");
    setThen(name);
  });

  /** @param {import("./then.js").ThenName} name */
  function setThen(name) {
    thenChoice.value = name;
    thenChoice.closest("label")?.classList.toggle("filter-chosen", name !== "");
    then.choose(name);
  }
  setSpent(spentOf(param("y")));
  setThen(thenOf(param("vs")));

  /** @param {string} selector @param {string} name @param {string} value */
  function press(selector, name, value) {
    for (const button of panel.querySelectorAll(selector)) {
      if (button instanceof HTMLElement) button.setAttribute("aria-pressed", String(button.dataset[name] === value));
    }
  }

  panel.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    const axis = button?.dataset["axis"];
    const outcome = button?.dataset["outcome"];
    if (axis !== undefined) {
      if (axis === "log" && map.axisName === "log") map.toggleFull();
      else setAxis(axisOf(axis), "push");
    } else if (outcome !== undefined) {
      const next = outcomeOf(outcome) === map.model.outcome ? "" : outcomeOf(outcome);
      setAddress({ outcome: next }, "push");
      setOutcome(next);
    }
  });

  const slowChoice = panel.querySelector("[data-slow-choice]");
  if (slowChoice instanceof HTMLSelectElement) {
    followSlowChoice(slowChoice, part(panel, "[data-slow-failed]", HTMLElement), words);
  }

  const filters = panel.querySelector("[data-filters]");
  filters?.addEventListener("change", (event) => {
    const select = event.target;
    if (select instanceof HTMLSelectElement) location.assign(addressWith({ [select.name]: select.value, sel: "", sel2: "" }));
  });

  const keeps = (/** @type {boolean} */ beside) => selections.keeps(beside);
  followPointer(map, (selection, beside) => {
    if (selection) selections.select(selection, beside);
    else selections.clear();
  }, keeps);
  followKeys(map, {
    select: (selection, beside) => {
      selections.select(selection, beside);
      selections.focus();
    },
    keeps,
    clear: () => selections.clear(),
    axis: (step) => {
      const next = AXES[Math.min(AXES.length - 1, Math.max(0, AXES.indexOf(map.axisName) + step))];
      if (next && next !== map.axisName) setAxis(next, "replace");
    },
    say: (text) => { status.textContent = text; },
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLElement && event.target.matches("input, select, textarea");
    if (event.key === "Escape" && selections.any && !typing && !event.isComposing && !helpIsOpen()) selections.clear();
  });
  addEventListener("popstate", () => {
    const axis = axisOf(param("axis"));
    if (axis !== map.axisName) {
      press("[data-axis]", "axis", axis);
      map.setAxis(axis);
    }
    if (outcomeOf(param("outcome")) !== map.model.outcome) setOutcome(outcomeOf(param("outcome")));
    setSpent(spentOf(param("y")));
    setThen(thenOf(param("vs")));
    selections.read();
  });
  selections.read();

  feed(data, (live, whole) => {
    if (spent.name) {
      // The stream counts response times. It only moves the rest of the page.
      held.length = 0;
      then.nowMs = live.now_ms;
      spent.renew(live.now_ms);
      const { columnMs, fromMs, toMs } = map.model;
      const to = (Math.floor(live.now_ms / columnMs) + 1) * columnMs;
      options.onLive?.(live, whole, to - (toMs - fromMs), to);
      return;
    }
    if (map.held || spent.reading) {
      held.push([live, whole]);
      return;
    }
    for (const [earlier, all] of held.splice(0)) take(earlier, all);
    take(live, whole);
    then.nowMs = live.now_ms;
    map.refresh();
    then.renew();
    selections.renew();
    options.onLive?.(live, whole, map.model.fromMs, map.model.toMs);
  }, async (now) => {
    const model = map.model;
    then.nowMs = now;
    if (spent.name) {
      spent.renew(now);
      await options.onAsk?.(model.fromMs, model.toMs);
      return;
    }
    const to = (Math.floor(now / model.columnMs) + 1) * model.columnMs;
    const from = to - (model.toMs - model.fromMs);
    const url = withQuery("/api/v1/hitmap", { service: data.service, from, to, ...data.filters });
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = await answer.json();
    if (map.held) return;
    model.reset(fresh.from_ms, fresh.to_ms, fresh.column_ms, fresh.cells);
    map.patterns = fresh.patterns;
    map.refresh();
    then.renew();
    selections.renew();
    await options.onAsk?.(from, to);
  });

  /** Data that arrived during a drag. @type {[LiveData, boolean][]} */
  const held = [];

  /** @param {LiveData} live @param {boolean} whole */
  function take(live, whole) {
    if (whole) map.model.clear();
    for (const column of live.columns) map.model.replace(column.start_ms, column.cells);
    map.model.advance(live.now_ms);
    if (live.patterns) map.patterns = live.patterns;
    // Changed in place, because the charts draw the same array.
    if (live.deployments) data.deployments.splice(0, Infinity, ...live.deployments.map((one) => marker(one, words)));
  }

  return { map, data, words };
}

/** @param {string} text */
function axisOf(text) {
  return AXES.includes(text) ? text : "log";
}

/** @param {string} text @returns {OutcomeFilter} */
function outcomeOf(text) {
  return text === "ok" || text === "slow" || text === "error" ? text : "";
}
