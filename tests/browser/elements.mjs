// Selectors of the elements on the pages, named by their meaning for a person.
import assert from 'node:assert/strict';
import { until } from '../support/wait.mjs';

export const hitmap = {
  /** The element that takes drags and the keyboard. */
  map: '[data-hitmap] [data-map]',
  cells: '[data-hitmap] [data-map-cells]',
  marks: '[data-hitmap] [data-map-marks]',
  /** The text about the cursor for screen readers. */
  status: '[data-hitmap] [data-map-status]',
  total: '[data-hitmap] [data-count="total"]',
  slow: '[data-hitmap] [data-count="slow"]',
  error: '[data-hitmap] [data-count="error"]',
  /** The choice of the other time, and the line that compares it with the present time. */
  thenChoice: '[data-hitmap] [data-then-choice]',
  then: '[data-hitmap] [data-map-then]',
  /** The choice of the duration from which transactions are slow, and the line that says it failed. */
  slowChoice: '[data-hitmap] [data-slow-choice]',
  slowFailed: '[data-hitmap] [data-slow-failed]',
  /** The choice of calls for the time in calls, and the line about it. */
  spentChoice: '[data-hitmap] [data-spent-choice]',
  spent: '[data-hitmap] [data-map-spent]',
  /** The name of a horizontal pattern. */
  timeout: '[data-hitmap] .label-horizontal',
};

export const selection = {
  panel: '[data-selection]',
  title: '[data-selection-title]',
  counts: '[data-selection-counts]',
  rows: '[data-selection-rows] tr',
  links: '[data-selection-rows] a',
  next: '[data-selection-next]',
  place: '[data-selection-place]',
  copy: '[data-selection-copy]',
  close: '[data-selection-close]',
  keep: '[data-selection-keep]',
  letter: '[data-selection-letter]',
  took: '[data-selection-rows] .line-took',
  csv: '[data-selection-csv]',
  differences: '[data-differences]',
};

export const trace = {
  page: '[data-trace]',
  waterfall: '.t-waterfall',
  /** @param {string} spanId */
  row: (spanId) => `.t-waterfall [data-row]:has(a[href*="${spanId}"])`,
  selected: '.t-waterfall [data-row][aria-selected="true"] a',
  sql: '.t-detail .t-sql',
  copyLink: '[data-copy-link=""]',
  copied: '[data-copied]',
};

export const search = {
  status: '[data-search-status]',
  stop: '[data-search-cancel]',
  again: '[data-search-again]',
  goOn: '[data-search-on]',
  covered: '[data-search-covered]',
  partial: '[data-search-partial]',
  rows: '[data-search-rows] tr',
  links: '[data-search-rows] a',
  none: '[data-search-empty]',
};

export const list = {
  rows: '[data-rows] tbody tr',
  links: '[data-rows] .line-link',
  chips: '.chips .chip',
  wrong: '.list-wrong',
  /** @param {string} name */
  choice: (name) => `[data-list-filters] select[name="${name}"]`,
  /** @param {string} name */
  field: (name) => `[data-list-filters] input[name="${name}"]:not([type="hidden"])`,
};

export const tail = {
  toggle: '[data-tail-switch]',
  status: '[data-tail-status]',
  held: '[data-tail-held]',
};

export const finder = {
  input: '[data-search]',
  list: '[data-find-list]',
  offers: '[data-find-list] li',
};

/** The state of the live stream, in the top bar. */
export const pill = '[data-live-pill]';

/**
 * The number in an element, however its digits are grouped.
 *
 * @param {import('playwright-core').Locator} locator
 */
export async function numberIn(locator) {
  const text = await locator.first().innerText();
  const digits = text.replace(/[^0-9]/g, '');
  assert.notEqual(digits, '', `a number in ${JSON.stringify(text)}`);
  return Number(digits);
}

/**
 * Waits until the page's stream is in a state: live, reconnecting, stale or paused.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} state
 * @param {number} [deadlineMs]
 */
export async function waitForStream(page, state, deadlineMs = 20_000) {
  await until(`the page to be ${state}`, async () => (await page.locator(pill).getAttribute('data-state')) === state, {
    deadlineMs,
    seen: () => page.locator(pill).innerText(),
  });
}

/**
 * Drags over a part of the map. The part is given as shares of the plot, from the left and from the
 * top.
 *
 * @param {import('playwright-core').Page} page
 * @param {{ left: number, right: number, top?: number, bottom?: number }} part
 * @param {'Shift'} [modifier] held while the drag begins
 */
export async function drag(page, { left, right, top = 0.1, bottom = 0.88 }, modifier) {
  const map = page.locator(hitmap.map);
  await map.scrollIntoViewIfNeeded();
  const box = await map.boundingBox();
  assert.ok(box, 'the map is on the page');
  const x = (/** @type {number} */ share) => box.x + box.width * share;
  const y = (/** @type {number} */ share) => box.y + box.height * share;
  await page.mouse.move(x(left), y(top));
  if (modifier) await page.keyboard.down(modifier);
  await page.mouse.down();
  if (modifier) await page.keyboard.up(modifier);
  await page.mouse.move(x((left + right) / 2), y((top + bottom) / 2), { steps: 5 });
  await page.mouse.move(x(right), y(bottom), { steps: 5 });
  await page.mouse.up();
  await page.locator(selection.panel).first().waitFor();
}

/**
 * The region of a selection in the URL, as parameters of the API.
 *
 * @param {import('playwright-core').Page} page
 * @param {'sel' | 'sel2'} [name] The first or the one beside it
 */
export async function selectedRegion(page, name = 'sel') {
  const sel = await until('the selection to be in the address', () => new URL(page.url()).searchParams.get(name));
  const [from, to, min, max] = sel.split(',');
  assert.ok(Number(from) < Number(to), `a stretch of time in sel=${sel}`);
  return { from, to, min_ms: min, max_ms: max || undefined };
}

/**
 * A fingerprint of what a canvas shows.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} selector
 */
export function picture(page, selector) {
  return page.locator(selector).evaluate((canvas) => /** @type {HTMLCanvasElement} */ (canvas).toDataURL());
}
