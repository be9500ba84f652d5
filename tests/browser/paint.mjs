// Measures one repaint of a full hitmap, for docs/performance.md. Prints numbers and asserts
// nothing.
//
//     node tests/browser/paint.mjs
//
// Every cell of 120 columns has transactions, on the log axis at 1920 pixels, painted by the page's
// own modules. One pixel is read back each time, so that no drawing is deferred. CPU time is that
// of the page's thread; wall time includes what other processes took of the machine.
import { cpus, loadavg } from 'node:os';
import { launch } from './chromium.mjs';
import { Hinomi } from '../support/hinomi.mjs';

const ROUNDS = 100;

const hinomi = await Hinomi.start('serve');
const browser = await launch();
try {
  const page = await browser.newPage({ baseURL: hinomi.url, viewport: { width: 1920, height: 1080 } });
  await page.goto('/hitmap');
  const source = await page.locator('link[href*="parts/hitmap_panel/model.js"]').getAttribute('href');
  const base = new URL(source ?? '', hinomi.url).href;
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busy = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN;
  };
  console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores, load average ${(loadavg()[0] ?? 0).toFixed(2)}; Chromium ${browser.version()}, pixels drawn by the processor`);
  for (const [name, then] of /** @type {[string, boolean][]} */ ([['warming up', false], ['one repaint', false], ['one with another time', true]])) {
    const before = await busy();
    const { columns, rows, times } = await page.evaluate(measure, { base, then, rounds: ROUNDS });
    const each = (((await busy()) - before) * 1000) / ROUNDS;
    const [half, most] = times.map((time) => time.toFixed(1));
    console.log(`${name}, ${columns} × ${rows} cells: ${each.toFixed(1)} ms of the processor; by the clock p50 ${half}, p95 ${most} ms`);
  }
} finally {
  await browser.close();
  await hinomi.stop();
}

/**
 * Runs in the page.
 *
 * @param {{ base: string, then: boolean, rounds: number }} options
 */
async function measure({ base, then, rounds }) {
  const load = (/** @type {string} */ name) => import(new URL(name, base).href);
  const [{ MapModel }, { inMicroseconds, logAxis }, { Geometry }, { paintMap, readColors }] = await Promise.all(['model.js', 'axis.js', 'geometry.js', 'paint.js'].map(load));
  const body = document.querySelector('[data-map]');
  const data = JSON.parse(document.querySelector('#hitmap-data')?.textContent ?? '{}');
  if (!(body instanceof HTMLElement)) throw new Error('there is no map');
  const edges = inMicroseconds(data.row_edges_ms);
  const columns = 120;
  const axis = logAxis(edges, undefined, 1000);
  /** @param {number} share */
  const full = (share) => {
    const cells = [];
    for (let column = 0; column < columns; column += 1) {
      for (let row = 0; row < edges.length * share; row += 1) {
        // Every fifth cell on screen has a failure, which needs a mark.
        const kind = (column * 7 + axis.rowOf[row]) % 5;
        cells.push([column, row, 1 + ((column + row) % 40), kind === 1 ? 2 : 0, kind === 0 ? 1 : 0]);
      }
    }
    const model = new MapModel(0, columns * 5000, 5000);
    model.reset(0, columns * 5000, 5000, cells);
    return model;
  };
  const [model, other] = [full(1), full(0.6)];
  const geometry = new Geometry(body.clientWidth, 420, columns, axis.rows);
  const canvas = document.createElement('canvas');
  const colors = readColors();
  /** @type {number[]} */
  const all = [];
  for (let round = 0; round < rounds; round += 1) {
    const begin = performance.now();
    paintMap(canvas, geometry, axis, model, colors, 1000, then ? other : undefined);
    canvas.getContext('2d')?.getImageData(0, 0, 1, 1);
    all.push(performance.now() - begin);
  }
  all.sort((a, b) => a - b);
  return { columns, rows: axis.rows, times: [0.5, 0.95].map((part) => all[Math.floor(all.length * part)] ?? 0) };
}
