// @ts-check
// The page of one operation or instance: its hitmap.

import { startHitmap } from "./view.js";

startHitmap();
