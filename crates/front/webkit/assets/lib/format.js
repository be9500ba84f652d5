// @ts-check
// Numbers, durations and times as pages show them; the same rules as in format.rs.

let zone = document.documentElement.dataset["zone"] ?? "UTC";
/** The server's short name of the zone, because browsers know fewer of them. */
let short = document.documentElement.dataset["zoneShort"] ?? "";
/** @type {Map<string, Intl.DateTimeFormat>} */
const clocks = new Map();

/** @param {string} name */
export function setZone(name) {
  zone = name;
  short = "";
  clocks.clear();
}

/** @param {number} value */
function grouped(value) {
  return Math.round(value).toLocaleString("en-US").replace("-", "−");
}

/**
 * Three significant digits. From 100 on, whole numbers with grouped digits.
 * @param {number} value
 */
export function number(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 99.95 || Number.isInteger(value)) return grouped(value);
  if (size >= 9.995) return value.toFixed(1);
  if (size >= 0.01) return value.toFixed(2);
  const text = value.toFixed(4);
  return Number(text) === 0 ? "0" : text;
}

/** @param {number} value */
function digits3(value) {
  if (value >= 99.95) return grouped(value);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/**
 * @typedef {{ number: string, unit: string }} Measure
 * @param {number} ms
 * @returns {Measure}
 */
export function duration(ms) {
  if (!Number.isFinite(ms)) return { number: "–", unit: "" };
  if (ms < 0.9995) return { number: number(ms * 1000), unit: "µs" };
  if (ms < 999.5) return { number: digits3(ms), unit: "ms" };
  return { number: digits3(ms / 1000), unit: "s" };
}

/** @param {number} ms */
export function durationText(ms) {
  const { number: digits, unit } = duration(ms);
  return unit ? `${digits}\u00a0${unit}` : digits;
}

/**
 * A label of an axis edge: exact and as short as possible.
 * @param {number} ms
 */
export function edgeText(ms) {
  if (ms < 1) return `${trim(ms * 1000)}\u00a0µs`;
  return ms < 1000 ? `${trim(ms)}\u00a0ms` : `${trim(ms / 1000)}\u00a0s`;
}

/** @param {number} value */
function trim(value) {
  return String(Number(value.toPrecision(4)));
}

/** @param {number} value */
export function count(value) {
  return grouped(value);
}

/** @param {number} share 0 to 1 */
export function percent(share) {
  return number(share * 100);
}

/** @typedef {"minutes" | "seconds" | "millis" | "date" | "date-millis" | "day"} Clock */

/**
 * @param {number} ms @param {Clock} clock
 */
export function time(ms, clock) {
  let format = clocks.get(clock);
  if (!format) {
    const dated = clock === "date" || clock === "date-millis" || clock === "day";
    const timed = clock !== "day";
    format = new Intl.DateTimeFormat("sv-SE", {
      timeZone: zone,
      ...(dated ? { year: "numeric", month: "2-digit", day: "2-digit" } : {}),
      ...(timed ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } : {}),
      ...(timed && clock !== "minutes" ? { second: "2-digit" } : {}),
      ...(clock === "millis" || clock === "date-millis" ? { fractionalSecondDigits: 3 } : {}),
    });
    clocks.set(clock, format);
  }
  return format.format(ms).replace(",", ".");
}

/**
 * Labels for the marks of a time axis: hours and minutes, and the date where a new day begins.
 * @param {number[]} times in order, in ms
 */
export function axisTimes(times) {
  const [first = 0, second = first] = times;
  const days = second - first >= 86400000;
  return times.map((at, place) => {
    const day = time(at, "day");
    const begins = place > 0 && time(times[place - 1] ?? at, "day") !== day;
    return days || begins ? day.slice(5) : time(at, "minutes");
  });
}

/** The zone's short name at that instant. @param {number} ms */
export function zoneName(ms) {
  if (short) return short;
  const language = document.documentElement.lang || "en";
  const parts = new Intl.DateTimeFormat(language, { timeZone: zone, timeZoneName: "short" }).formatToParts(ms);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? zone;
}
