// @ts-check
// What every page does: menus, theme, zone, shortcuts.

import "./shell/zone.js";
import "./shell/menus.js";
import "./shell/theme.js";
import "./shell/shortcuts.js";
import "./shell/finder.js";
