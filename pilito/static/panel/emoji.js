// A grid of emoji above the text, searched in both languages; the list is fetched once, when it is first opened.
import { recall, remember } from "./keep.js";
import { replace } from "./picker.js";
import { say } from "./words.js";

const MOST_RECENT = 24;
const isPersian = document.documentElement.lang === "fa";
let all = null; // { group: [[sign, words, english, persian], …] }

export function startEmoji(text) {
  const { form } = text;
  const place = form.querySelector(".emoji");
  const button = form.querySelector("[data-emoji]");
  const search = place.querySelector("input");
  const grid = place.querySelector(".emoji-grid");

  button.addEventListener("click", () => (place.hidden ? open() : close()));
  search.addEventListener("input", show);
  place.addEventListener("keydown", onKey);
  grid.addEventListener("click", ({ target }) => target.matches("button") && take(target.textContent));

  async function open() {
    place.hidden = false;
    button.setAttribute("aria-expanded", "true");
    search.value = "";
    search.focus();
    all ??= await fetch(place.dataset.list).then((answer) => answer.json()).catch(() => null);
    show();
  }

  function close() {
    place.hidden = true;
    button.setAttribute("aria-expanded", "false");
    text.focus();
  }

  function show() {
    const asked = search.value.trim().toLowerCase();
    const recent = recall("emoji", "recent").split(" ").filter(Boolean);
    const known = Object.values(all ?? {}).flat();
    const groups = asked
      ? { found: matching(known, asked) }
      : { recent: recent.map((sign) => known.find(([one]) => one === sign)).filter(Boolean), ...all };
    grid.replaceChildren(...Object.entries(groups).flatMap(([name, signs]) => section(name, signs)));
    const first = grid.querySelector("button");
    if (first) first.tabIndex = 0; // one stop of the Tab key; arrows lead on from it
    place.querySelector(".emoji-told").textContent = all ? (asked ? say("found", { count: String(groups.found.length) }) : "") : say("failed");
  }

  function section(name, signs) {
    if (!signs.length) return [];
    const title = document.createElement("h3");
    title.textContent = place.dataset[name] ?? "";
    return [...(title.textContent ? [title] : []), ...signs.map(cell)];
  }

  function cell([sign, , english, persian]) {
    const made = document.createElement("button");
    const name = isPersian ? persian : english;
    Object.assign(made, { type: "button", textContent: sign, title: name, ariaLabel: name, tabIndex: -1 });
    return made;
  }

  function take(sign) {
    const recent = recall("emoji", "recent").split(" ").filter((one) => one && one !== sign);
    remember("emoji", "recent", [sign, ...recent].slice(0, MOST_RECENT).join(" "));
    const { selectionStart, selectionEnd } = text;
    close();
    replace(text, selectionStart, selectionEnd, sign);
  }

  function onKey(event) {
    if (event.key === "Escape") return event.preventDefault(), event.stopPropagation(), close();
    const cells = [...grid.querySelectorAll("button")];
    const at = cells.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && at < 0 && cells.length) return event.preventDefault(), cells[0].focus();
    if (event.key === "Enter" && at < 0 && cells.length && search.value) return event.preventDefault(), take(cells[0].textContent);
    if (at < 0) return;
    const step = next(event.key, cells, at);
    if (step === null) return;
    event.preventDefault();
    (step < 0 ? search : cells[Math.min(step, cells.length - 1)]).focus();
  }

  // Left and right are where they stand on the screen; a step up or down goes to the nearest of that row.
  function next(key, cells, at) {
    const forward = isRtl() ? "ArrowLeft" : "ArrowRight";
    if (key === forward) return at + 1;
    if (key === (isRtl() ? "ArrowRight" : "ArrowLeft")) return at - 1;
    if (key !== "ArrowDown" && key !== "ArrowUp") return null;
    const here = cells[at].getBoundingClientRect();
    const isBeyond = (box) => (key === "ArrowDown" ? box.top > here.bottom - 2 : box.bottom < here.top + 2);
    const rated = cells
      .map((one, index) => ({ index, box: one.getBoundingClientRect() }))
      .filter(({ box }) => isBeyond(box))
      .map(({ index, box }) => ({ index, far: Math.abs(box.top - here.top) * 10 + Math.abs(box.left - here.left) }))
      .sort((one, other) => one.far - other.far);
    return rated.length ? rated[0].index : key === "ArrowUp" ? -1 : at;
  }
}

// What is called so comes before what only has to do with it.
function matching(known, asked) {
  const parts = asked.split(/\s+/);
  const rank = ([, , english, persian]) => {
    const names = [english.toLowerCase(), persian];
    if (names.includes(asked)) return 0;
    return names.some((name) => name.startsWith(asked)) ? 1 : 2;
  };
  const found = known.filter(([, words]) => parts.every((part) => words.toLowerCase().includes(part)));
  return found.sort((one, other) => rank(one) - rank(other));
}

const isRtl = () => document.documentElement.dir === "rtl";
