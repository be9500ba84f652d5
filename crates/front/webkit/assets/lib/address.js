// @ts-check
// The page's state in its URL: parameters in a stable order, defaults left out.

const ORDER = ["environment", "namespace", "from", "to", "vs", "vs_from", "vs_to", "y", "axis", "outcome", "operation", "instance", "version", "sel", "sel2"];

/** @param {string} name */
export function param(name) {
  return new URLSearchParams(location.search).get(name) ?? "";
}

/**
 * The URL of this page with some parameters changed. Empty values remove their parameter.
 * @param {Record<string, string>} changes
 */
export function addressWith(changes) {
  const old = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === "") old.delete(name);
    else old.set(name, value);
  }
  old.delete("lang");
  const names = [...new Set([...ORDER, ...old.keys()])];
  const pairs = names.flatMap((name) => old.getAll(name).map((value) => {
    // People read selections in the URL, so commas are not escaped.
    const text = encodeURIComponent(value).replaceAll("%2C", ",");
    return value === "" ? "" : `${name}=${text}`;
  })).filter(Boolean);
  return location.pathname + (pairs.length ? `?${pairs.join("&")}` : "");
}

/**
 * @param {Record<string, string>} changes
 * @param {"push" | "replace"} how
 */
export function setAddress(changes, how) {
  const url = addressWith(changes);
  if (url === location.pathname + location.search) return;
  if (how === "push") history.pushState(null, "", url);
  else history.replaceState(null, "", url);
}

/**
 * A URL of the API or of another page.
 * @param {string} path
 * @param {Record<string, string | number | null | undefined>} values
 */
export function withQuery(path, values) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}
