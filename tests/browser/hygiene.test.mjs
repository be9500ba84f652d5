// Checks every page in both themes and all languages: no complaint of the browser, and no serious
// finding of axe.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { demo, openPage } from './fixture.mjs';
import { everyPage } from './pages.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TIMEOUT_MS = 120_000;
const LANGUAGES = ['en', 'ja', 'ko'];

/** @type {import('./pages.mjs').Place[]} */
let places;

describe('every page', () => {
  before(async () => {
    ({ places } = await everyPage(demo()));
  });

  for (const theme of /** @type {const} */ (['dark', 'light'])) {
    test(`is quiet and accessible, ${theme}`, { timeout: TIMEOUT_MS }, async (t) => {
      const { page, watch } = await openPage(t, { theme });
      expectRefusals(watch);
      for (const { name, path, status = 200 } of places) {
        await t.test(name, async () => {
          const response = await page.goto(path, { waitUntil: 'load' });
          assert.equal(response?.status(), status);
          await page.evaluate(AXE);
          const found = await page.evaluate(async () => {
            const { axe } = /** @type {any} */ (window);
            const { violations } = await axe.run(document, { resultTypes: ['violations'] });
            return violations
              .filter((/** @type {any} */ violation) => ['serious', 'critical'].includes(violation.impact))
              .map((/** @type {any} */ { id, help, nodes }) => {
                const shown = nodes.slice(0, 5).map((/** @type {any} */ node) => `${node.html}\n${node.failureSummary}`);
                return [`${id}: ${help} (${nodes.length})`, ...shown].join('\n');
              });
          });
          assert.equal(found.length, 0, `axe finds on ${path}\n${found.join('\n\n')}`);
          watch.assertQuiet();
        });
      }
    });
  }

  test('speaks each language throughout', { timeout: TIMEOUT_MS }, async (t) => {
    const titles = new Map();
    for (const language of LANGUAGES) {
      const { page, watch } = await openPage(t, { language });
      expectRefusals(watch);
      for (const { name, path } of places) {
        await page.goto(path, { waitUntil: 'load' });
        assert.equal(await page.locator('html').getAttribute('lang'), language, `${name} says its language`);
        const text = await page.locator('body').innerText();
        // A key without a text is shown as the key itself.
        assert.doesNotMatch(text, /\b(shell|nav|hitmap|trace|board|service|time|search)-[a-z]+(-[a-z]+)+\b/, name);
        titles.set(`${name} ${language}`, await page.locator('nav[aria-label]').first().innerText());
      }
      watch.assertQuiet();
    }
    for (const { name } of places) {
      const words = new Set(LANGUAGES.map((language) => titles.get(`${name} ${language}`)));
      assert.equal(words.size, LANGUAGES.length, `${name} is worded anew in each language`);
    }
  });

  test('paints from the server, without a script', { timeout: TIMEOUT_MS }, async (t) => {
    const { page } = await openPage(t, { javaScriptEnabled: false });
    for (const { name, path, status = 200 } of places.filter((place) => place.status === undefined)) {
      const response = await page.goto(path);
      assert.equal(response?.status(), status, name);
      const text = await page.locator('main').innerText();
      assert.ok(text.trim().length > 20, `${name} says something: ${JSON.stringify(text)}`);
    }
  });
});

/**
 * Some pages answer with an error status, and the browser logs it; nothing else may be missing.
 *
 * @param {import('./fixture.mjs').Watch} watch
 */
function expectRefusals(watch) {
  for (const { path, status } of places.filter((place) => place.status !== undefined)) {
    watch.expect(new RegExp(`${status}.*${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`));
  }
}
