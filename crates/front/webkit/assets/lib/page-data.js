// @ts-check
// The JSON data that the server has put into the page.

/**
 * @param {string} id
 * @returns {unknown}
 */
export function pageData(id) {
  const block = document.getElementById(id);
  return JSON.parse(block?.textContent ?? "null");
}

/**
 * An element that the page must have.
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 */
export function part(root, selector, type) {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`the page has no ${selector}`);
  return found;
}
