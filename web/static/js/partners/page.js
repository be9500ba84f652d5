// @ts-check
// Partners and statements: kept fresh; where there are a map of the calls and charts, they are drawn.

import { renewCharts } from "../charts/follow.js";
import { drawCalls } from "../hitmap/calls.js";
import { keepFresh } from "../lib/renew.js";
import "../transactions/page.js";

/** @type {import("../charts/charts.js").Charts | undefined} */
let charts;

function draw() {
  drawCalls();
  charts = renewCharts(charts);
}

draw();
keepFresh(draw);
