// @ts-check
// The page of the hitmap alone.

import { startHitmap } from "./view.js";

startHitmap({ tall: true });
