// @ts-check
// Wall mode: two frames, of which one is visible. The next screen loads in the hidden frame and is
// shown when it is ready, so that the last screen stays visible while the server restarts.

import { pageData, part } from "../lib/page-data.js";

/**
 * A screen that stays is loaded again this often, so that a wall runs for weeks without growing in
 * memory.
 */
const RENEW_MS = 15 * 60_000;
/** Time until the next attempt when the server does not answer. */
const RETRY_MS = 3_000;
/** Controls are hidden again after this long without a movement. */
const AWAKE_MS = 3_000;
/** A screen that takes longer to load is shown as it is. */
const LOAD_MS = 10_000;

const { screens, every_s: every } = /** @type {{ screens: string[], every_s: number }} */ (pageData("wall-data"));
const stage = part(document, "[data-stage]", HTMLElement);
const state = part(document, "[data-state]", HTMLElement);
const pauseButton = part(document, "[data-pause]", HTMLButtonElement);
let shown = part(document, "[data-screen]", HTMLIFrameElement);
let index = 0;
let paused = false;
let changing = false;
let timer = 0;
let asleep = 0;

function pace() {
  return screens.length > 1 && every > 0 ? every * 1000 : RENEW_MS;
}

/** @param {number} ms */
function later(ms) {
  clearTimeout(timer);
  timer = setTimeout(() => void change(1), ms);
}

async function ready() {
  try {
    return (await fetch("/readyz", { cache: "no-store", signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
}

/** @param {HTMLIFrameElement} frame @param {string} address @returns {Promise<boolean>} whether a page of ours came */
function load(frame, address) {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(isOurs(frame)), LOAD_MS);
    frame.addEventListener("load", () => {
      clearTimeout(late);
      resolve(isOurs(frame));
    }, { once: true });
    frame.src = address;
  });
}

/** @param {HTMLIFrameElement} frame */
function isOurs(frame) {
  try {
    return frame.contentDocument?.documentElement.hasAttribute("data-wall") ?? false;
  } catch {
    return false;
  }
}

/** @param {number} step */
async function change(step) {
  if (changing) return;
  changing = true;
  const wanted = (index + (every > 0 || step < 0 || paused ? step : 0) + screens.length) % screens.length;
  const next = document.createElement("iframe");
  next.className = "wall-screen";
  next.title = shown.title;
  next.dataset["waiting"] = "";
  stage.append(next);
  const came = (await ready()) && (await load(next, screens[wanted] ?? "/?wall=1"));
  if (came) {
    delete next.dataset["waiting"];
    shown.remove();
    shown = next;
    index = wanted;
    state.hidden = true;
  } else {
    next.remove();
    state.textContent = state.dataset["reconnecting"] ?? "";
    state.hidden = false;
  }
  changing = false;
  if (!paused) later(came ? pace() : RETRY_MS);
}

/** @param {boolean} to */
function pause(to) {
  paused = to;
  pauseButton.setAttribute("aria-pressed", String(to));
  if (to) clearTimeout(timer);
  else later(pace());
}

function wake() {
  document.body.dataset["awake"] = "";
  clearTimeout(asleep);
  asleep = setTimeout(() => { delete document.body.dataset["awake"]; }, AWAKE_MS);
}

function fullScreen() {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void document.documentElement.requestFullscreen().catch(() => {});
}

pauseButton.addEventListener("click", () => pause(!paused));
part(document, "[data-next]", HTMLButtonElement).addEventListener("click", () => void change(1));
part(document, "[data-full]", HTMLButtonElement).addEventListener("click", fullScreen);
addEventListener("pointermove", wake);
addEventListener("keydown", (event) => {
  wake();
  if (event.target instanceof HTMLButtonElement || event.target instanceof HTMLAnchorElement) {
    if (event.key === " " || event.key === "Enter") return;
  }
  if (event.key === " ") pause(!paused);
  else if (event.key === "ArrowRight") void change(1);
  else if (event.key === "ArrowLeft") void change(-1);
  else if (event.key === "f") fullScreen();
  else return;
  event.preventDefault();
});

// Prevents the display from turning off, if the browser allows it.
void navigator.wakeLock?.request("screen").catch(() => {});
wake();
later(pace());
