// How long the server takes for every page on a day of the demo, for docs/performance.md; prints, proves nothing.
//
//     HINOMI_BINARY=target/release/hinomi node tests/browser/speed.mjs
//
// Each page at its own range and over a day, by one connection that is kept alive, whole answers read.
import { cpus, loadavg } from 'node:os';
import { Hinomi } from '../support/hinomi.mjs';
import { everyPage } from './pages.mjs';

const WARM_UPS = 3;
const ROUNDS = 20;

const hinomi = await Hinomi.start('demo', '--seed', '7', '--history', '24h');
try {
  const { places } = await everyPage(hinomi);
  console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores, load average ${(loadavg()[0] ?? 0).toFixed(2)}; p50 and p95 of ${ROUNDS}, ms`);
  for (const { name, path } of places.filter(({ status = 200 }) => status === 200)) {
    const day = `${path}${path.includes('?') ? '&' : '?'}from=now-24h&to=now`;
    const takes = /(?:[?&]from=|^\/(?:traces|wall|add))/.test(path) ? [path] : [path, day];
    const times = [];
    for (const address of takes) times.push(await timed(address));
    console.log(`${name.padEnd(24)} ${times.map(([half, most]) => `${half} / ${most}`.padEnd(16)).join('')}`);
  }
} finally {
  await hinomi.stop();
}

/** @param {string} path */
async function timed(path) {
  /** @type {number[]} */
  const times = [];
  for (let round = -WARM_UPS; round < ROUNDS; round += 1) {
    const start = performance.now();
    const answer = await fetch(hinomi.url + path);
    await answer.arrayBuffer();
    if (round >= 0) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return [0.5, 0.95].map((share) => (times[Math.round(share * (times.length - 1))] ?? NaN).toFixed(1));
}
