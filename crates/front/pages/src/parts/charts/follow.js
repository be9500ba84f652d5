// @ts-check
// Keeps the charts of a page with a hitmap up to date.

import { withQuery } from "../../lib/address.js";
import { pageData } from "../../lib/page-data.js";
import { Charts } from "./charts.js";

/** @typedef {import("./data.js").ChartsData} ChartsData */
/** @typedef {import("../hitmap_panel/data.js").LiveData} LiveData */

/** How often data beside a live series is requested. It is requested a minute ahead. */
const BESIDE_MS = 30000;

/**
 * The charts of a page that the server has rendered again. Charts that are drawn stay and take the
 * new data.
 * @param {Charts | undefined} drawn
 */
export function renewCharts(drawn) {
  const root = document.querySelector("[data-charts]");
  if (!(root instanceof HTMLElement)) return undefined;
  const data = /** @type {ChartsData} */ (pageData("charts-data"));
  if (!drawn) return new Charts(root, data);
  root.replaceWith(drawn.root);
  drawn.renew(data);
  return drawn;
}

/** The page's charts; nothing if there are none. */
export function followCharts() {
  const root = document.querySelector("[data-charts]");
  if (!(root instanceof HTMLElement)) return undefined;
  const data = /** @type {ChartsData} */ (pageData("charts-data"));
  const charts = new Charts(root, data);

  /** @param {Record<string, string | number>} asked @returns {Promise<import("./data.js").SeriesAnswer>} */
  async function ask(asked) {
    const answer = await fetch(withQuery("/api/v1/series", { ...data.query, ...asked }));
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  if (charts.beside.kind && (data.streams || !charts.beside.known)) {
    const renew = () => {
      if (document.hidden || (!data.streams && charts.beside.known)) return;
      const { fromMs, toMs } = charts.series;
      const asked = data.streams ? charts.beside.ahead(fromMs, toMs) : { from: fromMs, to: toMs, ...charts.beside.asked(fromMs, toMs) };
      // If this request fails, the next turn tries again.
      ask(asked).then((fresh) => charts.besides(fresh), () => {});
    };
    setTimeout(renew, charts.beside.known ? 3000 : 0);
    setInterval(renew, BESIDE_MS);
  }

  return {
    /** Takes what the stream has sent. @param {LiveData} live @param {boolean} whole @param {number} fromMs @param {number} toMs */
    live(live, whole, fromMs, toMs) {
      charts.update(live.columns, whole, fromMs, toMs, live.now_ms);
    },
    /** Requests another range. @param {number} from @param {number} to */
    async ask(from, to) {
      const fresh = await ask({ from, to, ...charts.beside.asked(from, to) });
      charts.beside.take(fresh);
      charts.update(fresh.points, true, fresh.from_ms, fresh.to_ms, Date.now());
    },
  };
}
