// @ts-check
// A service's dashboard.

import { Charts } from "../charts/charts.js";
import { startHitmap } from "../hitmap/view.js";
import { withQuery } from "../lib/address.js";
import { enableTables } from "./tables.js";

/** @type {Charts | undefined} */
let charts;

const { data, words } = startHitmap({
  onLive(live, whole, fromMs, toMs) {
    const points = live.columns.map((column) => /** @type {import("../hitmap/data.js").Point} */ ([
      column.start_ms, column.ok, column.slow, column.error, column.p50_ms, column.p95_ms, column.p99_ms,
    ]));
    charts?.update(points, whole, fromMs, toMs, live.now_ms);
  },
  async onAsk(from, to) {
    if (!charts) return;
    const answer = await fetch(withQuery("/api/v1/series", { service: data.service, from, to, ...data.filters }));
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = await answer.json();
    const points = fresh.points.map((/** @type {any} */ point) => [
      point.start_ms, point.ok, point.slow, point.error, point.p50_ms, point.p95_ms, point.p99_ms,
    ]);
    charts.update(points, true, fresh.from_ms, fresh.to_ms, Date.now());
  },
});
const root = document.querySelector("[data-charts]");
if (root instanceof HTMLElement) charts = new Charts(root, data);
enableTables(words);
