// @ts-check
// A service's dashboard.

import { followCharts } from "../parts/charts/follow.js";
import { startHitmap } from "../parts/hitmap_panel/view.js";
import { followInFlight } from "./in-flight.js";
import { enableTables } from "./tables.js";

const charts = followCharts();
const inFlight = followInFlight();
const { words } = startHitmap({
  onLive(live, whole, fromMs, toMs) {
    charts?.live(live, whole, fromMs, toMs);
    inFlight?.live(fromMs, toMs, live.now_ms);
  },
  async onAsk(from, to) {
    await Promise.all([charts?.ask(from, to), inFlight?.ask(from, to)]);
  },
});
enableTables(words);
