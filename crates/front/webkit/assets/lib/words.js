// @ts-check
// Texts that the server has sent, with placeholders such as `{count}` to fill in.

export class Words {
  /** @param {Record<string, string>} words */
  constructor(words) {
    this.words = words;
  }

  /** @param {string} key @param {Record<string, string>} [values] */
  say(key, values = {}) {
    const text = this.words[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (hole, name) => values[name] ?? hole);
  }
}
