// Takes a screenshot of every screen, in both themes, all languages and several widths, for people
// to look at.
//
//     node tests/browser/screenshots.mjs [part of a screen's name]
//
// `cargo xtask screenshots` builds the demo and runs this. Screenshots are written to
// tests/screenshots/.
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from './chromium.mjs';
import { Hinomi } from '../support/hinomi.mjs';
import { until } from '../support/wait.mjs';
import { everyPage } from './pages.mjs';

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '../screenshots');
const THEMES = /** @type {const} */ (['dark', 'light']);
const LANGUAGES = ['en', 'ja', 'ko'];
/** Laptop, wall, phone at night. */
const WIDTHS = [1280, 1920, 390];
const HEIGHT = 800;
/** A page that has sent no request for this long is complete. */
const QUIET_MS = 250;

const [wanted = ''] = process.argv.slice(2);
// Screenshots of removed screens are deleted too. With an argument, the other screenshots stay.
if (!wanted) rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });

const hinomi = await Hinomi.start('demo', '--seed', '7', '--history', '24h');
const browser = await launch();
let written = 0;
try {
  const { places } = await everyPage(hinomi);
  const chosen = places.filter((place) => place.name.includes(wanted));
  for (const theme of THEMES) {
    for (const language of LANGUAGES) {
      for (const width of WIDTHS) {
        const context = await browser.newContext({
          baseURL: hinomi.url,
          viewport: { width, height: HEIGHT },
          colorScheme: theme,
          reducedMotion: 'reduce',
        });
        const cookies = { hm_lang: language, hm_theme: theme, hm_tz: 'UTC' };
        await context.addCookies(
          Object.entries(cookies).map(([name, value]) => ({ name, value, url: hinomi.url })),
        );
        const page = await context.newPage();
        const quiet = watchRequests(page);
        for (const { name, path } of chosen) {
          await page.goto(path, { waitUntil: 'load' });
          await quiet();
          const fullPage = width !== 1920;
          await page.screenshot({ path: join(FOLDER, `${name}-${width}-${theme}-${language}.png`), fullPage });
          written += 1;
        }
        await context.close();
      }
    }
  }
} finally {
  await browser.close();
  await hinomi.stop();
}
if (written === 0) throw new Error(`no screen's name contains ${JSON.stringify(wanted)}`);
console.log(`${written} pictures in ${FOLDER}`);

/**
 * Counts the requests of a page. The returned function waits until it has sent none for a moment,
 * the live stream aside, and has drawn the answers.
 *
 * @param {import('playwright-core').Page} page
 */
function watchRequests(page) {
  const open = new Set();
  let changed = 0;
  page.on('request', (request) => {
    if (request.resourceType() === 'eventsource') return;
    open.add(request);
    changed = Date.now();
  });
  for (const event of /** @type {const} */ (['requestfinished', 'requestfailed'])) {
    page.on(/** @type {'requestfinished'} */ (event), (request) => {
      open.delete(request);
      changed = Date.now();
    });
  }
  return async () => {
    await until('the page to have all it asked for', () => open.size === 0 && Date.now() - changed >= QUIET_MS);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  };
}
