// @ts-check
// Tells the server this browser's time zone, and converts the times of the first page.

import { setZone } from "../lib/format.js";
import { retellTimes } from "../lib/times.js";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const root = document.documentElement;
if (zone && zone !== root.dataset["zone"]) {
  document.cookie = `hm_tz=${zone}; path=/; max-age=31536000; samesite=lax`;
  root.dataset["zone"] = zone;
  setZone(zone);
  retellTimes(document);
} else if (zone && "zoneGuessed" in root.dataset) {
  document.cookie = `hm_tz=${zone}; path=/; max-age=31536000; samesite=lax`;
}
