// @ts-check
// The trace page: the selected span and the open view, both stored in the URL.

import { enableCopying } from "./copy.js";
import { Rows } from "./data.js";
import { Detail } from "./detail.js";
import { required } from "./element.js";
import { SpanTable } from "./table.js";
import { Waterfall } from "./waterfall.js";

const page = document.querySelector("[data-trace]");
if (page instanceof HTMLElement) start(page);

/** @param {HTMLElement} page */
function start(page) {
  const rows = new Rows(JSON.parse(required(document, "#t-data", HTMLScriptElement).textContent ?? ""));
  const panel = required(page, ".t-detail", HTMLElement);
  const detail = new Detail(panel);
  const address = new URLSearchParams(location.search);
  let span = page.dataset["span"] ?? "";

  /** @param {Record<string, string | null>} changes @param {"push" | "replace"} how */
  function remember(changes, how) {
    const url = new URL(location.href);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    if (how === "push") history.pushState(null, "", url);
    else history.replaceState(null, "", url);
  }

  /** @param {string} chosen @param {"pointer" | "keyboard"} how */
  function select(chosen, how) {
    span = chosen;
    page.dataset["span"] = chosen;
    remember({ span: chosen }, "replace");
    detail.show(chosen, how);
    const below = matchMedia("(max-width: 899px)").matches;
    if (below && how === "pointer") panel.scrollIntoView({ block: "start" });
  }

  const waterfall = new Waterfall(required(page, ".t-waterfall", HTMLElement), rows, {
    span,
    smallPrint: page.dataset["internal"] === "show",
    onSelect: select,
  });

  /** @type {SpanTable | undefined} */
  let table;
  function openTable() {
    table ??= new SpanTable(required(page, ".t-table", HTMLElement), rows, {
      span,
      sort: address.get("sort") ?? "start",
      onSelect: (chosen) => {
        select(chosen, "pointer");
        table?.select(chosen);
      },
      onSort: (sort) => remember({ sort: sort === "start" ? null : sort }, "replace"),
    });
    table.select(span);
  }

  /** @param {string} view */
  function open(view) {
    page.dataset["view"] = view;
    for (const tab of page.querySelectorAll("[data-tab]")) {
      if (tab.getAttribute("data-tab") === view) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    if (view === "table") openTable();
    if (view === "waterfall") waterfall.select(span);
  }
  if (page.dataset["view"] === "table") openTable();

  page.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const tab = event.target.closest("[data-tab]");
    if (tab) {
      event.preventDefault();
      const view = tab.getAttribute("data-tab") ?? "waterfall";
      remember({ view: view === "waterfall" ? null : view }, "push");
      open(view);
      return;
    }
    const toggle = event.target.closest("[data-small-print]");
    if (toggle instanceof HTMLElement) {
      event.preventDefault();
      const shown = page.dataset["internal"] !== "show";
      page.dataset["internal"] = shown ? "show" : "hide";
      toggle.textContent = (shown ? toggle.dataset["shown"] : toggle.dataset["hidden"]) ?? "";
      remember({ internal: shown ? "show" : "hide" }, "replace");
      waterfall.showSmallPrint(shown);
      return;
    }
    const elsewhere = event.target.closest("a.t-goto");
    if (elsewhere instanceof HTMLAnchorElement) {
      event.preventDefault();
      const chosen = new URL(elsewhere.href).searchParams.get("span") ?? "";
      waterfall.select(chosen);
      select(chosen, "pointer");
    }
  });

  addEventListener("popstate", () => {
    const now = new URLSearchParams(location.search);
    open(now.get("view") ?? "waterfall");
    const chosen = now.get("span");
    if (chosen && chosen !== span) {
      span = chosen;
      waterfall.select(chosen);
      detail.show(chosen, "pointer");
    }
  });

  enableCopying(page);
}
