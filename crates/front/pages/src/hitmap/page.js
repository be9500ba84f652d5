// @ts-check
// The page with only the hitmap.

import { startHitmap } from "../parts/hitmap_panel/view.js";

startHitmap({ tall: true });
