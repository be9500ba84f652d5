// @ts-check
// Draws only the visible rows of a scrolling list in which all rows have the same height.

/** Rows drawn above and below the visible ones, so that quick scrolling shows no gaps. */
const MARGIN = 12;

export class RowWindow {
  /** @type {HTMLElement} */ #scroller;
  /** @type {HTMLElement} */ #canvas;
  /** @type {HTMLElement} */ #layer;
  /** @type {number} */ #height;
  /** @type {(key: number, position: number) => HTMLElement} */ #draw;
  /** @type {readonly number[]} */ #keys = [];
  /** @type {Map<number, HTMLElement>} */ #drawn = new Map();
  #frame = 0;

  /**
   * @param {HTMLElement} scroller what scrolls
   * @param {HTMLElement} canvas as high as all rows
   * @param {HTMLElement} layer holds the rows in sight
   * @param {number} height of a row, in pixels
   * @param {(key: number, position: number) => HTMLElement} draw makes a row
   */
  constructor(scroller, canvas, layer, height, draw) {
    this.#scroller = scroller;
    this.#canvas = canvas;
    this.#layer = layer;
    this.#height = height;
    this.#draw = draw;
    scroller.addEventListener("scroll", () => this.#soon(), { passive: true });
    new ResizeObserver(() => this.#soon()).observe(scroller);
  }

  /** @param {readonly number[]} keys what to show, in order */
  show(keys) {
    this.#keys = keys;
    this.#canvas.style.blockSize = `${keys.length * this.#height}px`;
    this.redraw();
  }

  /** Draws all visible rows again. */
  redraw() {
    this.#drawn.clear();
    this.#layer.replaceChildren();
    this.#paint();
  }

  /** The element of a row, if it is drawn. @param {number} key */
  element(key) {
    return this.#drawn.get(key);
  }

  /** Number of visible rows. */
  get page() {
    return Math.max(1, Math.floor(this.#scroller.clientHeight / this.#height) - 2);
  }

  /** @param {number} position @param {"nearest" | "center"} block */
  reveal(position, block) {
    const top = position * this.#height, room = this.#canvas.offsetTop;
    const seen = this.#scroller.clientHeight - room, at = this.#scroller.scrollTop;
    if (top >= at && top + this.#height <= at + seen) return;
    if (block === "center") this.#scroller.scrollTop = top - seen / 2;
    else this.#scroller.scrollTop = top < at ? top : top + this.#height - seen;
    this.#paint();
  }

  #soon() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#paint();
    });
  }

  #paint() {
    const first = Math.max(0, Math.floor(this.#scroller.scrollTop / this.#height) - MARGIN);
    const last = Math.min(
      this.#keys.length,
      Math.ceil((this.#scroller.scrollTop + this.#scroller.clientHeight) / this.#height) + MARGIN,
    );
    /** @type {Map<number, HTMLElement>} */
    const kept = new Map();
    const rows = [];
    for (let position = first; position < last; position++) {
      const key = /** @type {number} */ (this.#keys[position]);
      const row = this.#drawn.get(key) ?? this.#draw(key, position);
      kept.set(key, row);
      rows.push(row);
    }
    this.#layer.style.transform = `translateY(${first * this.#height}px)`;
    const same = rows.length === this.#layer.children.length && rows.every((row, at) => this.#layer.children[at] === row);
    if (!same) this.#layer.replaceChildren(...rows);
    this.#drawn = kept;
  }
}
