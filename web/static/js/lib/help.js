// @ts-check
// Help texts on a page that is renewed in parts.

/** Whether somebody reads one: what it belongs to stays where it is. */
export function helpIsOpen() {
  return document.querySelector("[popover]:popover-open") !== null;
}

/** Texts that only the new page has come along, for its new buttons. @param {Document} fresh */
export function takeHelps(fresh) {
  for (const text of fresh.querySelectorAll("[popover]")) {
    if (!document.getElementById(text.id)) document.body.append(document.adoptNode(text));
  }
}
