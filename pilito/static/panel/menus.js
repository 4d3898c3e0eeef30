// The menus of the desk: one dialog, filled by the server with what is true now, used with a finger, a mouse or keys.
import { fetchFragment } from "./http.js";

const find = (id) => document.getElementById(id);
const items = (menu) => [...menu.querySelectorAll(".menu-list button")].filter((button) => button.offsetParent);

export function startMenus() {
  const menu = find("desk-menu");
  menu.addEventListener("click", (event) => event.target === menu && menu.close()); // beside it
  menu.addEventListener("input", (event) => event.target.matches("[data-menu-search]") && narrow(menu, event.target.value));
  menu.addEventListener("keydown", (event) => onKey(menu, event));
}

export async function openMenu(name, rows) {
  if (!rows.length) return;
  await show(`${find("words").dataset.menus}${name}?${new URLSearchParams(rows.map((row) => ["row", row]))}`);
}

export const openFilter = (link) => show(link.href);

export function closeMenu() {
  find("desk-menu")?.close();
}

async function show(url) {
  const menu = find("desk-menu");
  menu.replaceChildren(await fetchFragment(url));
  if (!menu.open) menu.showModal();
  (menu.querySelector("[data-menu-search]") ?? menu.querySelector(".menu-list button, .filter-choice"))?.focus();
}

// --- search ----------------------------------------------------------------------------------------------------------

// One spelling for Persian and Arabic letters, as the server folds them where it compares names.
const plain = (text) => text.normalize("NFKC").toLowerCase().replaceAll("ي", "ی").replaceAll("ك", "ک").replace(/[\u200c\s]+/g, " ").trim();

// What a row is called. The picture beside it, and how much somebody holds, are no part of that.
const nameOf = (button) => plain((button.querySelector("bdi") ?? button.querySelector("span:not(.avatar)") ?? button).textContent);

function narrow(menu, typed) {
  const wanted = plain(typed);
  let isThere = false;
  for (const button of menu.querySelectorAll(".menu-list li:not([data-menu-create]) button")) {
    const name = nameOf(button);
    button.parentElement.hidden = !name.includes(wanted);
    isThere ||= name === wanted;
  }
  const create = menu.querySelector("[data-menu-create]");
  if (create) offer(create, typed.trim(), isThere || !wanted);
  menu.querySelector(".is-meant")?.classList.remove("is-meant");
  if (wanted) meant(menu, wanted)?.classList.add("is-meant");
}

function offer(create, name, isHidden) {
  const button = create.querySelector("button");
  button.dataset.words ??= button.querySelector("span").textContent;
  button.value = name;
  button.querySelector("span").textContent = button.dataset.words.replace("{name}", name);
  create.hidden = isHidden;
}

// What Enter takes, and is shown to take. Most type but the beginning of a name: what would be made stands last. But "VIP",
// typed whole, is neither "VIP old" nor "No VIP", though these contain it.
function meant(menu, wanted) {
  const list = items(menu);
  const isWhole = (button) => ` ${nameOf(button)} `.includes(` ${wanted} `);
  const create = menu.querySelector("[data-menu-create]:not([hidden]) button");
  const near = list.find((button) => nameOf(button).startsWith(wanted)) ?? list[0];
  return list.find((button) => nameOf(button) === wanted) ?? (create && isWhole(near) ? create : near);
}

function onKey(menu, event) {
  const list = items(menu);
  if (event.key === "Enter" && event.target.matches("[data-menu-search]")) {
    event.preventDefault();
    return meant(menu, plain(event.target.value))?.click();
  }
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || !list.length || event.target.matches("select")) return;
  event.preventDefault();
  const at = list.indexOf(document.activeElement);
  const next = list[at + by];
  if (next) next.focus();
  else (menu.querySelector("[data-menu-search]") ?? list[at < 0 ? 0 : at]).focus();
}
