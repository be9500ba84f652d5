// @ts-check
// The page of one operation or instance: its hitmap and its charts.

import { followCharts } from "../parts/charts/follow.js";
import { startHitmap } from "../parts/hitmap_panel/view.js";

const charts = followCharts();
startHitmap({
  onLive: (live, whole, fromMs, toMs) => charts?.live(live, whole, fromMs, toMs),
  onAsk: async (from, to) => charts?.ask(from, to),
});
