// @ts-check
// The live stream: reconnects by itself, pauses while the tab is hidden, and reports its state.

/** @typedef {"live" | "reconnecting" | "stale" | "paused"} StreamState */

const STALE_MS = 5000;
const RETRY_MS = 3000;

export class Stream {
  /** @type {EventSource | undefined} */
  #source;
  #lastMs = performance.now();
  #opened = false;
  #retry = 0;

  /**
   * @param {string} url
   * @param {(data: any, whole: boolean) => void} onData `whole` for a snapshot
   * @param {(state: StreamState, seconds: number) => void} onState
   */
  constructor(url, onData, onState) {
    this.url = url;
    this.onData = onData;
    this.onState = onState;
    document.addEventListener("visibilitychange", () => this.#follow());
    addEventListener("pagehide", () => this.#close());
    addEventListener("pageshow", (event) => { if (event.persisted) this.#follow(); });
    setInterval(() => this.#watch(), 1000);
    this.#follow();
  }

  #follow() {
    if (document.hidden) {
      this.#close();
      this.onState("paused", 0);
    } else if (!this.#source) {
      this.#open();
    }
  }

  #open() {
    clearTimeout(this.#retry);
    const source = new EventSource(this.url);
    this.#source = source;
    this.#lastMs = performance.now();
    source.onopen = () => { this.#opened = true; };
    /** @param {MessageEvent} event @param {boolean} whole */
    const take = (event, whole) => {
      this.#lastMs = performance.now();
      this.#opened = true;
      this.onData(JSON.parse(event.data), whole);
      this.onState("live", 0);
    };
    source.addEventListener("snapshot", (event) => take(event, true));
    source.addEventListener("delta", (event) => take(event, false));
    source.onerror = () => {
      this.#opened = false;
      this.onState("reconnecting", this.#silence());
      // The browser gives up when the answer is not a stream; the server may only be restarting.
      if (source.readyState === EventSource.CLOSED) {
        this.#close();
        this.#retry = setTimeout(() => this.#follow(), RETRY_MS);
      }
    };
  }

  #close() {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = undefined;
    this.#opened = false;
  }

  #silence() {
    return Math.round((performance.now() - this.#lastMs) / 1000);
  }

  #watch() {
    if (document.hidden || performance.now() - this.#lastMs < STALE_MS) return;
    this.onState(this.#opened ? "stale" : "reconnecting", this.#silence());
  }
}
