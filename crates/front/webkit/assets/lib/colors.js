// @ts-check
// Colours of the style sheet for canvases, resolved for the present theme.

/** @typedef {[number, number, number]} Rgb */

/** @type {HTMLElement | undefined} */
let probe;

/** @param {string} name such as `--ok` */
export function color(name) {
  if (!probe) {
    probe = document.createElement("span");
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

/** @param {string} name @returns {Rgb} */
function rgb(name) {
  const found = color(name).match(/[\d.]+/g)?.map(Number) ?? [];
  return [found[0] ?? 0, found[1] ?? 0, found[2] ?? 0];
}

/**
 * A ramp of `steps` colours through the four of `--ramp-{name}-1` to `-4`.
 * @param {string} name
 * @param {number} steps
 */
export function ramp(name, steps) {
  const stops = [1, 2, 3, 4].map((stop) => rgb(`--ramp-${name}-${stop}`));
  return Array.from({ length: steps }, (_, step) => {
    const at = (step / (steps - 1)) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    const a = stops[low] ?? [0, 0, 0];
    const b = stops[low + 1] ?? a;
    const mix = a.map((value, index) => Math.round(value + ((b[index] ?? value) - value) * (at - low)));
    return `rgb(${mix.join(" ")})`;
  });
}
