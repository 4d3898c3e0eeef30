// Which rows of the list are chosen, and what a deed is for: the chosen ones, else the open conversation.
import { digits, say } from "./words.js";

const chosen = new Set(); // ids of conversations
const find = (id) => document.getElementById(id);
const boxes = () => [...document.querySelectorAll("#rows .row-choose input")];
const idOf = (box) => box.value.split(":")[0];

export function startChoosing() {
  if (!find("desk-form")) return;
  document.addEventListener("change", ({ target }) => target.matches(".row-choose input") && choose(target, target.checked));
  find("desk-clear").addEventListener("click", clearChosen);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && chosen.size && !document.querySelector("dialog[open]")) clearChosen();
  });
  watchFingers();
  keepChosen();
}

// After the list was drawn anew: what is shown again stays chosen, the rest is not chosen any more.
export function keepChosen() {
  const shown = new Set(boxes().map(idOf));
  [...chosen].filter((id) => !shown.has(id)).forEach((id) => chosen.delete(id));
  boxes().forEach((box) => (box.checked = chosen.has(idOf(box))));
  showBar();
}

export function clearChosen() {
  chosen.clear();
  keepChosen();
}

export const anyChosen = () => chosen.size > 0;

// The values that a form sends for what a deed is for; what was seen of each comes from the row as it is now.
export function targets() {
  if (chosen.size) return boxes().filter((box) => box.checked).map((box) => box.value);
  const open = find("thread-head")?.dataset.row;
  if (open) return [open];
  const row = document.activeElement?.closest?.("#rows > li")?.querySelector(".row-choose input");
  return row ? [row.value] : [];
}

export function toggleFocused() {
  const here = document.activeElement?.closest?.("#rows > li") ?? document.querySelector("#rows .row[aria-current]")?.parentElement;
  const box = here?.querySelector(".row-choose input");
  if (box) choose(box, !box.checked);
}

function choose(box, isChosen) {
  box.checked = isChosen;
  if (isChosen) chosen.add(idOf(box));
  else chosen.delete(idOf(box));
  showBar();
}

function showBar() {
  const bar = find("desk-form");
  if (!bar) return;
  bar.hidden = !chosen.size;
  document.body.classList.toggle("is-choosing", chosen.size > 0);
  bar.querySelector(".desk-count").textContent = chosen.size ? say("chosen", { count: digits(chosen.size) }) : "";
}

// --- fingers ---------------------------------------------------------------------------------------------------------

const LONG_MS = 450;
const MOVED = 12; // pixels
const SWIPED = 72;

// A long press chooses the row, and so does a swipe over it: the bar with all deeds lies under the thumb.
function watchFingers() {
  let press = null;
  document.addEventListener(
    "pointerdown",
    (event) => {
      const item = event.pointerType === "touch" && event.target.closest("#rows > li");
      if (!item) return;
      press = { item, x: event.clientX, y: event.clientY, timer: setTimeout(() => press && (pick(press.item), (press = null)), LONG_MS) };
    },
    { passive: true },
  );
  document.addEventListener(
    "pointermove",
    (event) => {
      if (!press) return;
      const across = event.clientX - press.x;
      if (Math.abs(event.clientY - press.y) > MOVED) return end();
      if (Math.abs(across) > MOVED) clearTimeout(press.timer);
      if (Math.abs(across) > SWIPED) (pick(press.item), end());
    },
    { passive: true },
  );
  const end = () => (clearTimeout(press?.timer), (press = null));
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
  document.addEventListener("contextmenu", (event) => isFinger && event.target.closest("#rows > li") && event.preventDefault());
}

const isFinger = matchMedia("(pointer: coarse)").matches;

let pickedAt = 0;

function pick(item) {
  const box = item.querySelector(".row-choose input");
  if (!box) return;
  pickedAt = Date.now();
  choose(box, !box.checked);
  navigator.vibrate?.(12);
}

// While choosing, a touch of a row chooses it; so does the click that ends a long press.
export function takesClick(row) {
  if (Date.now() - pickedAt < 700) return true;
  if (!isFinger || !chosen.size) return false;
  pick(row.closest("li"));
  return true;
}
