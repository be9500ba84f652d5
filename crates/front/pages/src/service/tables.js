// @ts-check
// Tables: a click on a header sorts, "show all" shows the remaining rows.

/** @param {import("../lib/words.js").Words} words */
export function enableTables(words) {
  for (const panel of document.querySelectorAll("[data-table]")) {
    if (!(panel instanceof HTMLElement)) continue;
    panel.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (button?.dataset["sort"] !== undefined) sort(panel, Number(button.dataset["sort"]));
      else if (button && "more" in button.dataset) unfold(panel, button, words);
    });
  }
}

/** @param {HTMLElement} panel @param {number} column */
function sort(panel, column) {
  const body = panel.querySelector("tbody");
  const headers = [...panel.querySelectorAll("th")];
  const header = headers[column];
  if (!body || !header) return;
  const text = header.classList.contains("th-text");
  const before = header.getAttribute("aria-sort");
  const down = text ? before === "ascending" : before !== "descending";
  for (const each of headers) each.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
  /** @param {Element} row */
  const value = (row) => row.children[column]?.getAttribute("data-value") ?? "";
  const rows = [...body.children].sort((a, b) => {
    const order = text ? value(a).localeCompare(value(b)) : Number(value(a)) - Number(value(b));
    return down ? -order : order;
  });
  body.replaceChildren(...rows);
}

/** @param {HTMLElement} panel @param {HTMLButtonElement} button @param {import("../lib/words.js").Words} words */
function unfold(panel, button, words) {
  const open = panel.toggleAttribute("data-open");
  button.setAttribute("aria-expanded", String(open));
  const rows = panel.querySelectorAll("tbody tr").length;
  button.textContent = words.say(open ? "chart-show-less" : "chart-show-all", { count: String(rows) });
}
