// @ts-check
// The map by keyboard: arrow keys move by a cell, with Shift they extend; Enter selects, with Shift
// in addition to what is selected; Escape clears.

/** @typedef {import("./map.js").HitMap} HitMap */
/** @typedef {import("./data.js").Selection} Selection */

/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * @param {HitMap} map
 * @param {object} act
 * @param {(selection: Selection, beside: boolean) => void} act.select
 * @param {(beside: boolean) => number} act.keeps
 * @param {() => void} act.clear
 * @param {(step: 1 | -1) => void} act.axis
 * @param {(text: string) => void} act.say
 */
export function followKeys(map, act) {
  const body = map.body;
  body.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    if (step) {
      event.preventDefault();
      const from = map.cursor ?? map.startPlace();
      const to = map.cursor ? {
        column: clamp(from.column + step[0], map.model.columns - 1),
        row: clamp(from.row + step[1], map.axis.rows - 1),
      } : from;
      map.kept = act.keeps(true);
      if (event.shiftKey) map.dragged = { a: map.dragged?.a ?? from, b: to };
      else if (map.dragged) map.dragged = undefined;
      map.cursor = to;
      map.paintMarks();
      act.say(map.cellText(to));
    } else if (event.key === "Enter" && map.cursor) {
      event.preventDefault();
      const { a, b } = map.dragged ?? { a: map.cursor, b: map.cursor };
      map.dragged = undefined;
      act.select(map.selectionOf(a, b), event.shiftKey);
    } else if (event.key === "Escape" && (map.cursor || map.dragged)) {
      event.stopPropagation();
      const extended = map.dragged !== undefined;
      map.cursor = undefined;
      map.dragged = undefined;
      map.refresh();
      if (!extended) act.clear();
    } else if (event.key === "+" || event.key === "=") {
      act.axis(-1);
    } else if (event.key === "-") {
      act.axis(1);
    } else if (event.key === "f" || event.key === "F") {
      map.toggleFull();
    }
  });
  body.addEventListener("blur", () => {
    if (!map.cursor && !map.dragged) return;
    map.cursor = undefined;
    map.dragged = undefined;
    map.refresh();
  });
}

/** @param {number} value @param {number} most */
function clamp(value, most) {
  return Math.min(most, Math.max(0, value));
}
