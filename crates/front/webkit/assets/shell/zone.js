// @ts-check
// Converts the times of a page that the server could not write in this browser's time zone.

import { setZone } from "../lib/format.js";
import { retellTimes } from "../lib/times.js";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const root = document.documentElement;
if (zone && zone !== root.dataset["zone"]) {
  root.dataset["zone"] = zone;
  setZone(zone);
  retellTimes(document);
}
