// Words within the open conversation: counted and found by the server, so that what is not loaded is found too.
import { here } from "./here.js";
import { showMessage } from "./thread.js";
import { digits, say } from "./words.js";

const WAIT_MS = 200;
const find = (id) => document.getElementById(id);
const text = () => find("find-text");
let places = []; // of the newest answer: {id, words}, the newest message first
let at = -1;
let isCut = false;
let asked = 0;

export const mayFind = () => Boolean(find("find-bar"));

export function openFind() {
  find("find-bar").hidden = false;
  find("find-open")?.setAttribute("aria-expanded", "true");
  text().focus();
  text().select();
}

function closeFind() {
  find("find-bar").hidden = true;
  find("find-open")?.setAttribute("aria-expanded", "false");
  text().value = "";
  show([]);
  find("scroller").focus();
}

export function startFind() {
  if (!mayFind()) return;
  places = [];
  at = -1;
  let timer;
  text().addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  text().addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.code === "Enter" || event.code === "NumpadEnter") step(event.shiftKey ? -1 : 1);
    else if (event.code === "ArrowUp") step(1);
    else if (event.code === "ArrowDown") step(-1);
    else if (event.code === "Escape") closeFind();
    else return;
    event.preventDefault();
  });
  find("find-older").addEventListener("click", () => step(1));
  find("find-newer").addEventListener("click", () => step(-1));
  find("find-close").addEventListener("click", closeFind);
  find("thread").addEventListener("items", mark);
}

async function ask() {
  if (!mayFind()) return; // one has gone on since the last key
  const number = ++asked;
  const from = here();
  const words = text().value;
  if (!words.trim()) return show([]);
  const answer = await fetch(`${find("find-bar").dataset.find}?q=${encodeURIComponent(words)}`, { cache: "no-store" });
  if (!answer.ok || number !== asked) return;
  const found = await answer.json();
  if (!from.isOpen()) return;
  isCut = found.is_cut;
  show(found.places);
  if (places.length) await step(1);
}

function show(found) {
  places = found;
  at = -1;
  mark();
  count();
}

// Towards older messages is forward, for the newest is where one begins.
async function step(way) {
  if (!places.length) return;
  at = (at + way + places.length) % places.length;
  count();
  await showMessage(places[at].id);
  mark();
}

function count() {
  const total = digits(places.length) + (isCut ? "+" : "");
  const shown = places.length ? say("findPlace", { place: digits(at + 1), total }) : say("findNothing");
  find("find-count").textContent = text().value.trim() ? shown : "";
}

// The words are painted, not wrapped: what is shown stays as the server wrote it.
function mark() {
  if (!window.CSS?.highlights) return;
  const ranges = places.flatMap(({ id, words }) => rangesIn(find(`m${id}`), words));
  if (ranges.length) CSS.highlights.set("found", new Highlight(...ranges));
  else CSS.highlights.delete("found");
}

function rangesIn(message, words) {
  if (!message) return [];
  const walker = document.createTreeWalker(message, NodeFilter.SHOW_TEXT);
  const ranges = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.parentElement.closest(".bubble, .caption, .transcript, .attachment")) ranges.push(...rangesOf(node, words));
  }
  return ranges;
}

function rangesOf(node, words) {
  const ranges = [];
  for (const word of words) {
    for (let start = node.data.indexOf(word); start >= 0; start = node.data.indexOf(word, start + word.length)) {
      const range = new Range();
      range.setStart(node, start);
      range.setEnd(node, start + word.length);
      ranges.push(range);
    }
  }
  return ranges;
}
