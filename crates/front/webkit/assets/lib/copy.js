// @ts-check
// Copies a text to the clipboard and shows that on the button.

/**
 * @param {HTMLElement} button
 * @param {string} text
 * @param {string} done what to say when it is copied
 */
export async function copyFrom(button, text, done) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "hidden-visually";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const label = button.querySelector("span");
  if (label) {
    const before = label.textContent;
    label.textContent = done;
    setTimeout(() => { label.textContent = before; }, 1500);
  } else {
    const before = button.title;
    button.title = done;
    button.dataset["copied"] = "";
    setTimeout(() => {
      button.title = before;
      delete button.dataset["copied"];
    }, 1500);
  }
}
