// @ts-check
// Dragging a rectangle by mouse or touch; a click selects one cell. A rectangle consists of whole
// cells. With Shift, the earlier selection stays. On a label, a click belongs to the label and a
// drag to the map.

/** @typedef {import("./map.js").HitMap} HitMap */
/** @typedef {import("./data.js").Selection} Selection */

/** Distance in pixels from which a press on a label is a drag. */
const DRAG_PX = 5;

/**
 * @param {HitMap} map
 * @param {(selection: Selection | undefined, beside: boolean) => void} onSelect nothing when an empty cell was clicked
 * @param {(beside: boolean) => number} keeps of what is chosen, how many stay when this is beside them
 */
export function followPointer(map, onSelect, keeps) {
  const body = map.body;
  let pointer = -1;
  let beside = false;
  /** A press on a label, as long as it may be a click. @type {PointerEvent | undefined} */
  let pressed;

  body.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pointer !== -1) return;
    const onLabel = event.target instanceof Element && event.target.closest(".hitmap-label") !== null;
    pressed = onLabel ? event : undefined;
    if (!onLabel) begin(event);
  });

  /** @param {PointerEvent} event */
  function begin(event) {
    const place = map.placeOf(event);
    if (!place.inside) return;
    pointer = event.pointerId;
    body.setPointerCapture(pointer);
    map.cursor = undefined;
    beside = event.shiftKey;
    map.kept = keeps(beside);
    map.dragged = { a: place, b: place };
    map.hover = undefined;
    map.paintMarks();
  }

  body.addEventListener("pointermove", (event) => {
    const place = map.placeOf(event);
    // The button was released where the page could not see it.
    if (!(event.buttons & 1)) pressed = undefined;
    if (pressed?.pointerId === event.pointerId && Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY) >= DRAG_PX) {
      const from = pressed;
      pressed = undefined;
      begin(from);
    }
    if (event.pointerId === pointer && map.dragged) {
      if (place.column === map.dragged.b.column && place.row === map.dragged.b.row) return;
      map.dragged = { a: map.dragged.a, b: place };
      map.paintMarks();
      return;
    }
    const hover = place.inside && event.pointerType !== "touch" ? place : undefined;
    if (hover?.column === map.hover?.column && hover?.row === map.hover?.row) return;
    map.hover = hover;
    map.paintMarks();
  });

  body.addEventListener("pointerup", (event) => {
    pressed = undefined;
    if (event.pointerId !== pointer || !map.dragged) return;
    const selection = map.selectionOf(map.dragged.a, map.dragged.b);
    const clicked = map.dragged.a === map.dragged.b || (map.dragged.a.column === map.dragged.b.column && map.dragged.a.row === map.dragged.b.row);
    const counts = map.countsOf(selection);
    end();
    onSelect(clicked && counts.ok + counts.slow + counts.error === 0 ? undefined : selection, beside);
    map.refresh();
  });

  body.addEventListener("pointercancel", (event) => {
    pressed = undefined;
    if (event.pointerId !== pointer) return;
    end();
    map.refresh();
  });

  body.addEventListener("pointerleave", () => {
    map.hover = undefined;
    map.paintMarks();
  });

  body.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || pointer === -1) return;
    event.stopImmediatePropagation();
    end();
    map.refresh();
  });

  function end() {
    if (pointer !== -1 && body.hasPointerCapture(pointer)) body.releasePointerCapture(pointer);
    pointer = -1;
    map.dragged = undefined;
  }
}
