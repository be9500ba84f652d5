// The fixture of every browser test: one demo server, one Chromium, and pages that are watched.
//
// Importing this module starts both once for the process and stops them at its end.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Hinomi } from '../support/hinomi.mjs';
import { launch } from './chromium.mjs';

/** More history than the live window of 10 minutes, but little enough for a debug build. */
const DEMO = ['demo', '--seed', '7', '--history', '15m'];
/** Timeout of a click or a look-up. */
const ACTION_TIMEOUT_MS = 15_000;

/** @type {Hinomi | undefined} */ let demoServer;
/** @type {import('playwright-core').Browser | undefined} */ let browser;

before(async () => {
  demoServer = await Hinomi.start(...DEMO);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await demoServer?.stop();
});

/** The demo that all tests share. Tests may read from it, but must not break it. */
export function demo() {
  assert.ok(demoServer, 'the demo is started before the first test');
  return demoServer;
}

/**
 * A page in its own context, like the browser of another person, and watched: see `Watch`.
 *
 * @param {import('node:test').TestContext} test Closes the page when the test ends
 * @param {import('playwright-core').BrowserContextOptions & { theme?: 'dark' | 'light', language?: string }} [options]
 *   With the reader's theme and language, which the server reads from cookies
 */
export async function openPage(test, { theme = 'dark', language = 'en', ...options } = {}) {
  assert.ok(browser, 'Chromium is started before the first test');
  const baseURL = options.baseURL ?? demo().url;
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    timezoneId: 'UTC',
    colorScheme: theme,
    ...options,
    baseURL,
  });
  const cookies = { hm_lang: language, hm_theme: theme, hm_tz: 'UTC' };
  await context.addCookies(Object.entries(cookies).map(([name, value]) => ({ name, value, url: baseURL })));
  test.after(() => context.close());
  context.setDefaultTimeout(ACTION_TIMEOUT_MS);
  const watch = new Watch();
  await watch.attach(context);
  const page = await context.newPage();
  return { page, context, watch };
}

/**
 * Detects what no page may do: log an error or a warning, violate its own security policy, request
 * another host, open a dialog, run an injected script.
 */
export class Watch {
  /** @type {string[]} */ #complaints = [];
  /** @type {RegExp[]} */ #expected = [];

  /** @param {import('playwright-core').BrowserContext} context */
  async attach(context) {
    await context.exposeBinding('__violated', (_, policy) => this.#complaints.push(`policy: ${policy}`));
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        const report = /** @type {any} */ (window).__violated;
        report(`${event.violatedDirective} by ${event.blockedURI} in ${event.sourceFile}:${event.lineNumber}`);
      });
    });
    context.on('page', (page) => {
      page.on('console', (message) => {
        if (['error', 'warning', 'assert'].includes(message.type())) {
          this.#complaints.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
        }
      });
      page.on('pageerror', (error) => this.#complaints.push(`uncaught: ${error.stack ?? error}`));
      page.on('dialog', async (dialog) => {
        this.#complaints.push(`dialog: ${dialog.message()}`);
        await dialog.dismiss();
      });
      page.on('request', (request) => {
        const { protocol, hostname } = new URL(request.url());
        const local = hostname === '127.0.0.1' || ['data:', 'blob:', 'about:'].includes(protocol);
        if (!local) this.#complaints.push(`request to ${request.url()}`);
      });
      page.on('response', (response) => {
        if (response.status() >= 400) this.#complaints.push(`answer ${response.status()} to ${response.url()}`);
      });
      page.on('crash', () => this.#complaints.push('the page crashed'));
    });
  }

  /**
   * Accepts complaints that match the pattern from now on.
   *
   * @param {RegExp} pattern
   */
  expect(pattern) {
    this.#expected.push(pattern);
  }

  /** Fails when a page of the context did something that no page may do. */
  assertQuiet() {
    const unexpected = this.#complaints.filter((text) => !this.#expected.some((pattern) => pattern.test(text)));
    assert.equal(unexpected.length, 0, `the browser complains:\n${[...new Set(unexpected)].join('\n')}`);
  }
}
