// @ts-check
// The choice of the duration from which transactions of the service are slow. It is a setting of the
// service, for everyone who looks at it.

/** @import { Words } from "../../lib/words.js" */

/**
 * Saves a chosen threshold, then loads the page again: every count of slow transactions changes.
 * @param {HTMLSelectElement} select
 * @param {HTMLElement} note shows why a choice was not saved
 * @param {Words} words
 */
export function followSlowChoice(select, note, words) {
  let saved = select.value;
  select.addEventListener("change", async () => {
    select.disabled = true;
    note.hidden = true;
    try {
      const answer = await fetch(select.dataset["slowChoice"] ?? "", {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ slow_threshold_ms: select.value === "" ? null : Number(select.value) }),
      });
      if (!answer.ok) throw new Error(String(answer.status));
      saved = select.value;
      location.reload();
    } catch {
      select.value = saved;
      note.textContent = words.say("map-slow-failed");
      note.hidden = false;
    } finally {
      select.disabled = false;
    }
  });
}
