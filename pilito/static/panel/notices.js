// What tells somebody that they are needed: the bell, a note of the system, a soft sound, the mark on the tab.
import { isQuiet, playSound, showNotice } from "./chime.js";
import { fetchFragment, send } from "./http.js";
import { gather } from "./live.js";
import { morph } from "./morph.js";
import { openConversation } from "./thread.js";
import { digits, say } from "./words.js";

const find = (id) => document.getElementById(id);
const bell = () => find("bell");
let list = null; // the newest, as they came
let menu = null;
let needsYou = null; // how many were in that zone; null until the first look

export function startNotices(line) {
  line.on("notified", ({ notification }) => load(notification));
  line.on("connect", () => load());
  document.addEventListener("conversation:open", readWhatIsOpen);
  document.addEventListener("visibilitychange", readWhatIsOpen);
  document.addEventListener("click", onClick, true);
  document.addEventListener("keydown", ({ key }) => key === "Escape" && menu && close());
  new MutationObserver(onCounts).observe(document.querySelector(".rail"), { subtree: true, childList: true, attributes: true, attributeFilter: ["data-count"] });
  onCounts();
}

// --- the bell --------------------------------------------------------------------------------------------------------

const reload = gather(async () => {
  list = await fetchFragment(bell().href);
  showCount(Number(list.dataset.unread));
  if (menu) fillMenu();
  await readWhatIsOpen();
});

async function load(fresh = null) {
  if (!fresh) return reload();
  await reloadNow();
  const row = list?.querySelector(`[data-notification="${Number(fresh)}"]`);
  if (row && row.classList.contains("is-unread")) showNotice(row.dataset.told, { tag: `pilito-${fresh}`, url: row.href });
}

async function reloadNow() {
  list = await fetchFragment(bell().href).catch(() => (reload(), list));
  if (list) showCount(Number(list.dataset.unread));
  if (menu) fillMenu();
  await readWhatIsOpen().catch(() => {});
}

function showCount(unread) {
  bell().dataset.unread = unread;
  find("bell-count").hidden = !unread;
  find("bell-count").textContent = digits(unread);
  markTab();
}

// Whoever looks at the conversation has read what called them there.
async function readWhatIsOpen() {
  const of = openConversation();
  if (!list || !of || document.visibilityState !== "visible") return;
  const rows = [...list.querySelectorAll(`.is-unread[data-of="${CSS.escape(of)}"]`)];
  if (!rows.length) return;
  rows.forEach((row) => row.classList.remove("is-unread")); // asked once
  await send(bell().dataset.read, { conversation: of }).catch(() => {}); // the next look tries again
}

function onClick(event) {
  const isPlain = !event.button && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  if (isPlain && event.target.closest("#bell")) {
    event.preventDefault();
    return menu ? close() : open();
  }
  if (event.target.closest("#bell-read-all")) return send(bell().dataset.read).then(reloadNow).catch(() => {});
  if (menu && (event.target.closest(".bell-row") || !menu.contains(event.target))) close();
}

async function open() {
  menu = document.createElement("div");
  menu.className = "bell-menu";
  bell().after(menu);
  bell().setAttribute("aria-expanded", "true");
  if (!list) await reloadNow();
  fillMenu();
  menu?.querySelector(".bell-row, a")?.focus();
}

function close() {
  const hadFocus = menu.contains(document.activeElement);
  menu.remove();
  menu = null;
  bell().removeAttribute("aria-expanded");
  if (hadFocus) bell().focus();
}

// What is in focus, and how far one has scrolled, stays.
function fillMenu() {
  if (!list || !menu) return;
  const fresh = list.cloneNode(true);
  for (const row of fresh.querySelectorAll("[data-notification]")) row.id = `bell-row-${row.dataset.notification}`;
  if (menu.firstElementChild) morph(menu.firstElementChild, fresh);
  else menu.append(fresh);
}

// --- "Needs you" -----------------------------------------------------------------------------------------------------

function onCounts() {
  const count = Number(document.querySelector("#zone-needs_you .count")?.dataset.count ?? 0);
  const before = needsYou;
  needsYou = count;
  if (before === count) return;
  markTab();
  if (before === null || count < before) return;
  if (bell().dataset.sound === "1" && !isQuiet(bell().dataset)) playSound();
  const words = count > 1 ? say("needsYouMany", { count: digits(count) }) : say("needsYou");
  showNotice(words, { tag: "pilito-needs-you", url: document.querySelector("#zone-needs_you").href });
}

// A dot on the tab's picture, and a number on the icon of an installed panel.
function markTab() {
  const waits = needsYou + Number(bell().dataset.unread);
  const icon = document.querySelector('link[rel="icon"]');
  const href = waits ? icon.dataset.waiting : icon.dataset.plain;
  if (icon.getAttribute("href") !== href) icon.setAttribute("href", href);
  if (waits) navigator.setAppBadge?.(waits).catch(() => {});
  else navigator.clearAppBadge?.().catch(() => {});
}

