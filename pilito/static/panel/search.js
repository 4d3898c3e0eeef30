// The search over everything: its box stands above the list, what is found stands in the list's place.
import { tick } from "./clocks.js";
import { unlessLate } from "./here.js";
import { fetchFragment } from "./http.js";
import { refreshList } from "./list.js";

const WAIT_MS = 250; // after a key, before the server is asked
const MOST_RECENT = 8;
const find = (id) => document.getElementById(id);
const form = find("search");
const text = find("search-text");
let asked = 0; // only the newest answer is shown
let shown = location.href; // the address of what is found

const isSearching = () => find("list").dataset.search !== undefined;

export function startSearch() {
  if (!form) return;
  let timer;
  text.addEventListener("input", () => {
    clearTimeout(timer);
    showRecent();
    timer = setTimeout(() => (text.value.trim() ? search() : isSearching() && leaveSearch()), WAIT_MS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    if (text.value.trim()) search().then(remember);
  });
  form.addEventListener("change", (event) => event.target !== text && search());
  document.addEventListener("change", ({ target }) => target.form === form && target !== text && search());
  text.addEventListener("keydown", onKey);
  text.addEventListener("focus", showRecent);
  document.addEventListener("click", ({ target }) => target.closest("#search, #recent") || hideRecent());
  find("recent-clear").addEventListener("click", forgetRecent);
  document.querySelectorAll('form[action$="/logout"]').forEach((one) => one.addEventListener("submit", forgetRecent));
}

export function focusSearch() {
  text.focus();
  text.select();
}

function onKey(event) {
  if (event.isComposing) return;
  if (event.code === "ArrowDown") {
    event.preventDefault();
    (find("recent").hidden ? document.querySelector("#list .row") : find("recent").querySelector("li button"))?.focus();
  } else if (event.code === "Escape" && (text.value || isSearching())) {
    event.preventDefault();
    text.value = "";
    hideRecent();
    if (isSearching()) leaveSearch();
  }
}

// --- what is found ---------------------------------------------------------------------------------------------------

async function search() {
  const fields = new FormData(form);
  if (!isSearching()) fields.delete("kind");
  const query = new URLSearchParams([...fields].filter(([, value]) => value));
  await showSearch(`${form.action}?${query}`, { isNew: !isSearching() });
}

export async function showSearch(url, { isNew = false, isBack = false } = {}) {
  const number = ++asked;
  const list = await unlessLate(() => number !== asked, fetchFragment(url));
  if (!list) return;
  if (!isBack) history[isNew ? "pushState" : "replaceState"]({}, "", url);
  shown = url;
  find("list").replaceWith(list);
  if (isBack || document.activeElement !== text) text.value = list.dataset.search;
  document.querySelector(".list-pane").scrollTop = 0;
  markHit();
  tick();
}

// Where what is found stands now; null where the list is.
export const hitsUrl = () => (isSearching() ? shown : null);

// The list comes back with the next refresh.
export function forgetHits() {
  asked += 1;
  text.value = "";
  delete find("list").dataset.search;
}

export function leaveSearch() {
  forgetHits();
  if (location.pathname === new URL(form.action).pathname) history.pushState({}, "", document.body.dataset.home);
  return refreshList();
}

export async function showMoreHits(link) {
  link.setAttribute("aria-busy", "true");
  const came = await unlessLate(() => !link.isConnected, fetchFragment(link.href));
  if (!came) return;
  const rows = document.querySelector(`#hits [data-kind="${link.dataset.kind}"]`);
  rows.append(...came.querySelectorAll(`[data-kind="${link.dataset.kind}"].rows > li`));
  const more = came.querySelector(".search-more");
  if (more) link.replaceWith(more);
  else link.remove();
}

export function markHit() {
  const open = new URLSearchParams(location.search).get("around");
  document.querySelectorAll(".hit").forEach((hit) => {
    const isOpen = open && new URL(hit.href).searchParams.get("around") === open;
    if (isOpen) hit.setAttribute("aria-current", "true");
    else hit.removeAttribute("aria-current");
  });
}

// --- recent searches: in this browser only, until one logs out (forget.js) -------------------------------------------

const key = () => `recent-${find("recent").dataset.who}`;

function recent() {
  try {
    const known = JSON.parse(localStorage.getItem(key()) ?? "[]");
    return Array.isArray(known) ? known.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

export function remember() {
  const words = find("list").dataset.search?.trim();
  if (words) localStorage.setItem(key(), JSON.stringify([words, ...recent().filter((one) => one !== words)].slice(0, MOST_RECENT)));
  hideRecent();
}

function showRecent() {
  const known = recent();
  find("recent").hidden = Boolean(text.value) || !known.length;
  find("recent").querySelector("ul").replaceChildren(...known.map(recentItem));
}

function recentItem(words) {
  const item = document.createElement("li");
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: words, dir: "auto" });
  button.addEventListener("click", () => {
    text.value = words;
    hideRecent();
    search();
  });
  item.append(button);
  return item;
}

const hideRecent = () => (find("recent").hidden = true);

function forgetRecent() {
  localStorage.removeItem(key());
  hideRecent();
}
