// @ts-check
// Words that the server has sent along, with holes such as `{count}` to fill.

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
