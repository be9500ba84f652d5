// @ts-check
// A service's dashboard.

import { followCharts } from "../charts/follow.js";
import { startHitmap } from "../hitmap/view.js";
import { enableTables } from "./tables.js";

const charts = followCharts();
const { words } = startHitmap({
  onLive: (live, whole, fromMs, toMs) => charts?.live(live, whole, fromMs, toMs),
  onAsk: async (from, to) => charts?.ask(from, to),
});
enableTables(words);
