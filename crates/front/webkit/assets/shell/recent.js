// @ts-check
// Recent searches in this browser. They are not sent anywhere.

const KEY = "hinomi.recent";
const MOST = 6;

/** Newest first. @returns {string[]} */
export function recent() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((text) => typeof text === "string").slice(0, MOST) : [];
  } catch {
    // If the browser stores nothing, searching still works.
    return [];
  }
}

/** @param {string} text */
export function remember(text) {
  const asked = text.trim();
  if (asked) keep([asked, ...recent().filter((have) => have !== asked)].slice(0, MOST));
}

export function forget() {
  keep([]);
}

/** @param {string[]} texts */
function keep(texts) {
  try {
    localStorage.setItem(KEY, JSON.stringify(texts));
  } catch {
    // See above.
  }
}
