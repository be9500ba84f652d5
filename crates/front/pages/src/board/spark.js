// @ts-check
// Sparklines as SVG paths in a box of 100 by 20, the same as in spark.rs.

const WIDTH = 100;
const HEIGHT = 20;
const MARGIN = 2;

/**
 * @param {(number | null)[]} values
 * @returns {{ line: string, end: string }}
 */
export function sparkPath(values) {
  let top = 0;
  for (const value of values) top = Math.max(top, value ?? 0);
  top *= 1.15;
  if (top <= 0 || values.length < 2) return { line: "", end: "" };
  const step = WIDTH / (values.length - 1);
  let line = "";
  let end = "";
  let drawing = false;
  values.forEach((value, index) => {
    if (value === null) {
      drawing = false;
      return;
    }
    const place = `${(index * step).toFixed(1)} ${(HEIGHT - MARGIN - (value / top) * (HEIGHT - 2 * MARGIN)).toFixed(1)}`;
    line += (drawing ? "L" : "M") + place;
    end = `M${place}h0`;
    drawing = true;
  });
  return { line, end };
}
