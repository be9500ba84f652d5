// @ts-check
// How far the demo has filled in its history. When it is done, the page is loaded again: its charts were of
// what there was before.

const EVERY_MS = 1000;

const notice = document.querySelector("[data-demo-history]");
const bar = notice?.querySelector("progress");
if (bar) {
  const timer = setInterval(() => void ask(), EVERY_MS);
  const ask = async () => {
    const response = await fetch("/demo/history").catch(() => null);
    // A server that is gone says so elsewhere.
    if (!response?.ok) return;
    const { percent } = await response.json();
    bar.value = percent;
    if (percent < 100) return;
    clearInterval(timer);
    location.reload();
  };
}
