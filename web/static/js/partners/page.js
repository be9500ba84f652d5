// @ts-check
// Partners: kept fresh; where there is a map of the calls, it is drawn.

import { drawCalls } from "../hitmap/calls.js";
import { keepFresh } from "../lib/renew.js";
import "../transactions/page.js";

drawCalls();
keepFresh(drawCalls);
