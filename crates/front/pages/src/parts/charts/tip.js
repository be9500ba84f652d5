// @ts-check
// The numbers under a chart's cursor.

/** A line's name, its value, and the value beside it. Every row has the same number of texts.
 * @typedef {[name: string, ...values: string[]]} Row */

export class Tip {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    this.box = document.createElement("div");
    this.box.className = "chart-tip";
    this.box.hidden = true;
    this.box.setAttribute("aria-live", "polite");
    host.append(this.box);
  }

  /** @param {string} when @param {Row[]} rows @param {number} left from the left of the host */
  show(when, rows, left) {
    const time = document.createElement("time");
    time.textContent = when;
    const table = document.createElement("table");
    for (const [name, ...values] of rows) {
      const row = table.insertRow();
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = name;
      row.append(head);
      for (const value of values) row.insertCell().textContent = value;
    }
    this.box.replaceChildren(time, table);
    this.box.hidden = false;
    const width = this.box.offsetWidth;
    const right = left + 14 + width <= this.host.clientWidth;
    const at = right ? left + 14 : Math.max(0, left - 14 - width);
    this.box.style.transform = `translate(${Math.round(at)}px, 2px)`;
  }

  hide() {
    this.box.hidden = true;
  }
}
