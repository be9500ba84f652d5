// @ts-check
// The page with only the hitmap.

import { startHitmap } from "./view.js";

startHitmap({ tall: true });
