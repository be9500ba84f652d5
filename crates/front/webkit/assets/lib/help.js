// @ts-check
// Help texts on a page that is updated in parts.

/** Whether a help text is open. The part that it belongs to is then not replaced. */
export function helpIsOpen() {
  return document.querySelector("[popover]:popover-open") !== null;
}

/** Adds the help texts that only the new page has, for its new buttons. @param {Document} fresh */
export function takeHelps(fresh) {
  for (const text of fresh.querySelectorAll("[popover]")) {
    if (!document.getElementById(text.id)) document.body.append(document.adoptNode(text));
  }
}
