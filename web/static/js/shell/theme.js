// @ts-check
// Light or dark: kept in a cookie, so that the server paints the next page right.

const root = document.documentElement;

export function switchTheme() {
  const system = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  const next = (root.dataset["theme"] ?? system) === "light" ? "dark" : "light";
  root.dataset["theme"] = next;
  document.cookie = `hm_theme=${next}; path=/; max-age=31536000; samesite=lax`;
  announce();
}

function announce() {
  document.dispatchEvent(new CustomEvent("hm:theme"));
}

document.querySelector("[data-theme-switch]")?.addEventListener("click", switchTheme);
matchMedia("(prefers-color-scheme: light)").addEventListener("change", announce);
