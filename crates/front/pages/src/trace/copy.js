// @ts-check
// Buttons that copy: their own text, or the URL of what is on the screen.

/** How long a button shows that it has copied, in milliseconds. */
const SAID = 1600;

/** @param {ParentNode & EventTarget} root */
export function enableCopying(root) {
  root.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) return;
    const button = event.target.closest("[data-copy], [data-copy-link]");
    if (!(button instanceof HTMLElement)) return;
    const link = new URL(location.href);
    if (button.dataset["copyLink"]) link.search = button.dataset["copyLink"];
    void copy(button.dataset["copy"] ?? link.href).then((done) => said(button, done));
  });
}

/** @param {string} text @returns {Promise<boolean>} */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without TLS there is no clipboard API. The older way still works.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "t-offscreen";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** @param {HTMLElement} button @param {boolean} done */
function said(button, done) {
  if (!done) return;
  const label = button.querySelector("[data-label]") ?? null;
  const copied = button.dataset["copied"] ?? "";
  button.classList.add("t-copied");
  const before = label?.textContent ?? "";
  if (label && label.textContent !== copied) label.textContent = copied;
  else button.setAttribute("aria-label", copied);
  setTimeout(() => {
    button.classList.remove("t-copied");
    if (label && before !== copied) label.textContent = before;
  }, SAID);
}
