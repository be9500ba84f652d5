// @ts-check
// Menus close on Escape, on a click elsewhere, and when another opens.

/** @returns {HTMLDetailsElement[]} */
function open() {
  return [...document.querySelectorAll("details[data-menu][open]")].filter((menu) => menu instanceof HTMLDetailsElement);
}

document.addEventListener("click", (event) => {
  for (const menu of open()) {
    if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
    event.stopPropagation();
  }
}, true);

document.addEventListener("toggle", (event) => {
  const opened = event.target;
  if (!(opened instanceof HTMLDetailsElement) || !opened.open || !opened.matches("[data-menu]")) return;
  for (const menu of open()) {
    if (menu !== opened) menu.open = false;
  }
}, true);
