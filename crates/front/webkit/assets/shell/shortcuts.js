// @ts-check
// `/` moves the focus to the search box.

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const at = event.target;
  const typing = at instanceof HTMLElement && at.matches("input, textarea, select, [contenteditable]");
  const search = document.querySelector("[data-search]");
  if (!(search instanceof HTMLInputElement)) return;
  if (event.key === "/" && !typing) {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "Escape" && at === search) {
    search.blur();
  }
});
