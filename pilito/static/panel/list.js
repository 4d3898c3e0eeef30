// The list of conversations and the counts of its zones.
import { keepChosen } from "./chosen.js";
import { tick } from "./clocks.js";
import { unlessLate } from "./here.js";
import { fetchFragment } from "./http.js";
import { morph } from "./morph.js";
import { rows, setStops } from "./stops.js";

const PAGE = 40;
const LIMIT = 200;
const body = document.body.dataset;
let asked = 0;
let shown = 0;

export async function refreshList() {
  await load(`&limit=${Math.min(LIMIT, Math.max(PAGE, count()))}`, count);
}

const count = () => document.querySelectorAll("#rows > li").length;

// Answers overtake each other: one for a list that was left meanwhile, or older than what is shown, is nobody's any more.
async function load(more = "", wanted = () => 0) {
  const { query } = body;
  const number = ++asked;
  const isLate = () => query !== body.query || number < shown;
  const fragment = await unlessLate(isLate, fetchRows(`${body.list}?${query}${more}`, wanted));
  if (!fragment) return;
  shown = number;
  show(fragment);
}

// The server gives so many rows at once: the rest of what one has paged to is fetched as one paged to it, or every
// change of any conversation would cut the list, and what is chosen further down.
async function fetchRows(url, wanted) {
  const fragment = await fetchFragment(url);
  const rows = fragment.querySelector("#rows");
  for (let more = fragment.querySelector("#more"); more; more = fragment.querySelector("#more")) {
    const missing = wanted() - rows.children.length;
    if (missing <= 0) break;
    append(await fetchFragment(`${body.list}${new URL(more.href).search}&limit=${Math.min(LIMIT, missing)}`), rows, more);
  }
  return fragment;
}

function show(fragment) {
  morph(document.getElementById("stop-banner"), fragment.querySelector("#stop-banner"));
  morph(document.getElementById("zones"), fragment.querySelector("#zones"));
  morph(document.getElementById("views"), fragment.querySelector("#views"));
  const list = document.getElementById("list");
  if (list.dataset.search === undefined) morph(list, fragment.querySelector("#list")); // what was found stays
  keepChosen();
  markCurrent();
  tick();
}

// On a phone the zones are a strip that scrolls.
export function showZone() {
  document.querySelector(".zones [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
}

export function markCurrent() {
  const open = document.getElementById("thread")?.dataset.conversation;
  document.querySelectorAll("#rows .row").forEach((row) => {
    if (row.dataset.conversation === open) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  });
  setStops();
  const waiting = document.querySelector("#zone-needs_you .count")?.textContent;
  document.title = `${waiting ? `(${waiting}) ` : ""}${document.title.replace(/^\(.*?\) /, "")}`;
}

// Another zone, another filter or a kept view: `query` is the address of the list without its page.
export async function chooseList(link) {
  readPlace(new URL(link.href).searchParams);
  await load();
  document.querySelector(".list-pane").scrollTop = 0;
  showZone();
}

// What the address says of the list, for the list that stands beside.
export function readPlace(params) {
  params.delete("before");
  body.query = params.toString() || "zone=open";
  body.zone = params.get("zone") ?? "open";
}

export async function showOlder(link) {
  const url = `${body.list}${new URL(link.href).search}`;
  const { query } = body;
  link.setAttribute("aria-busy", "true");
  const isLate = () => query !== body.query || !link.isConnected; // what was found may stand in its place
  const page = await unlessLate(isLate, fetchFragment(url));
  if (page) append(page, document.getElementById("rows"), link);
}

// The rows of a page beneath those that are there, and its link in the place of the one that led to it.
function append(page, rows, link) {
  const known = new Set([...rows.children].map((row) => row.id));
  rows.append(...[...page.querySelectorAll("#rows > li")].filter((row) => !known.has(row.id)));
  const more = page.querySelector("#more");
  if (more) link.replaceWith(more);
  else link.remove();
}

// --- by keyboard -----------------------------------------------------------------------------------------------------

export const hasRows = () => rows().length > 0;

// Back from a conversation where one came from: on a phone the list takes its place, and the focus.
export function focusRow(conversation) {
  document.querySelector(`#list .row[data-conversation="${conversation}"]`)?.focus();
}

// To the next row of the list, from the one in focus or the one that is open; Enter opens it.
export function moveTo(way) {
  const all = rows();
  const from = all.indexOf(document.activeElement.closest?.("#list .row"));
  const at = from >= 0 ? from : all.findIndex((row) => row.hasAttribute("aria-current"));
  const row = at < 0 ? all[0] : all[Math.min(all.length - 1, Math.max(0, at + way))];
  row.focus();
  row.scrollIntoView({ block: "nearest" });
  if (row === all.at(-1)) document.querySelector("#more, .search-more")?.click();
}

document.querySelector(".list-pane")?.addEventListener("keydown", (event) => {
  const way = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.code];
  if (!way || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !event.target.matches(".row")) return;
  event.preventDefault();
  moveTo(way);
});
