// @ts-check
// Pages of partners and statements: they update themselves, and draw the map of calls and the
// charts if there are any.

import { renewCharts } from "../parts/charts/follow.js";
import { drawCalls } from "../parts/hitmap_panel/calls.js";
import { keepFresh } from "../lib/renew.js";
import "../transactions/page.js";

/** @type {import("../parts/charts/charts.js").Charts | undefined} */
let charts;

function draw() {
  drawCalls();
  charts = renewCharts(charts);
}

draw();
keepFresh(draw);
