// @ts-check
// A selection in the URL: `t0,t1,d0,d1`, all in ms; `d1` is empty when open-ended.

/** @typedef {import("./data.js").Selection} Selection */

/** @param {Selection} selection */
export function selectionText({ t0, t1, d0, d1 }) {
  return `${t0},${t1},${d0},${d1 ?? ""}`;
}

/** @param {string} text @returns {Selection | undefined} */
export function readSelection(text) {
  const parts = text.split(",");
  if (parts.length !== 4 || parts.slice(0, 3).some((part) => !/^\d+(\.\d+)?$/.test(part))) return undefined;
  const [t0, t1, d0] = parts.map(Number);
  const last = parts[3] ?? "";
  if (last !== "" && !/^\d+(\.\d+)?$/.test(last)) return undefined;
  const d1 = last === "" ? null : Number(last);
  if (t0 === undefined || t1 === undefined || d0 === undefined || t0 >= t1 || (d1 !== null && d0 >= d1)) return undefined;
  return { t0, t1, d0, d1 };
}
