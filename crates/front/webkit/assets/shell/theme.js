// @ts-check
// Light or dark theme, stored in a cookie so that the server renders the next page with it.

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
