// Measures the server's time for every page on a day of the demo, for docs/performance.md. Prints
// numbers and asserts nothing.
//
//     HINOMI_BINARY=target/release/hinomi node tests/browser/speed.mjs
//
// Each page at its own range and over a day, over one keep-alive connection, whole answers read;
// and the board with five hundred services. An argument selects the pages whose names contain it.
import { cpus, loadavg } from 'node:os';
import { Hinomi } from '../support/hinomi.mjs';
import { traceRequest } from '../support/otlp.mjs';
import { everyPage } from './pages.mjs';

const WARM_UPS = 3;
const ROUNDS = 20;
const SERVICES = 500;
/** Transactions of each service, over the last ten minutes. */
const EACH = 600;

const [wanted = ''] = process.argv.slice(2);
console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores, load average ${(loadavg()[0] ?? 0).toFixed(2)}; p50 and p95 of ${ROUNDS}, ms`);
if ('board-500'.includes(wanted)) await boardOfMany();
if (wanted !== 'board-500') await pagesOfADay();

async function boardOfMany() {
  const hinomi = await Hinomi.start('serve');
  try {
    const now = Date.now();
    for (let service = 0; service < SERVICES; service += 1) {
      const spans = Array.from({ length: EACH }, (_, nth) => ({
        name: `GET /${nth % 5}`,
        endMs: now - Math.floor((nth * 600_000) / EACH),
        durationMs: 10 + (nth % 17),
        ...(service % 50 === 0 ? { error: 'failed' } : {}),
      }));
      await hinomi.send(traceRequest({ 'service.name': `service-${service}`, 'service.namespace': `area-${service % 7}` }, spans));
    }
    for (const path of ['/', '/?group=team&state=bad']) {
      const [half, most] = await timed(hinomi.url + path);
      console.log(`board of ${SERVICES} services, ${path.padEnd(24)} ${half} / ${most}`);
    }
  } finally {
    await hinomi.stop();
  }
}

async function pagesOfADay() {
  const hinomi = await Hinomi.start('demo', '--seed', '7', '--history', '24h');
  try {
    const { places } = await everyPage(hinomi);
    for (const { name, path } of places.filter(({ name, status = 200 }) => status === 200 && name.includes(wanted))) {
      const day = `${path}${path.includes('?') ? '&' : '?'}from=now-24h&to=now`;
      const takes = /(?:[?&]from=|^\/(?:traces|wall|add))/.test(path) ? [path] : [path, day];
      const times = [];
      for (const address of takes) times.push(await timed(hinomi.url + address));
      console.log(`${name.padEnd(24)} ${times.map(([half, most]) => `${half} / ${most}`.padEnd(16)).join('')}`);
    }
  } finally {
    await hinomi.stop();
  }
}

/** @param {string} address */
async function timed(address) {
  /** @type {number[]} */
  const times = [];
  for (let round = -WARM_UPS; round < ROUNDS; round += 1) {
    const start = performance.now();
    const answer = await fetch(address);
    await answer.arrayBuffer();
    if (round >= 0) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return [0.5, 0.95].map((share) => (times[Math.round(share * (times.length - 1))] ?? NaN).toFixed(1));
}
