// @ts-check
// Behaviour of every page: menus, theme, time zone, shortcuts.

import "./shell/zone.js";
import "./shell/menus.js";
import "./shell/theme.js";
import "./shell/shortcuts.js";
import "./shell/finder.js";
import "./shell/filling.js";
