// Ties the panel together: what is clicked, what changed, which conversation is open.
import "./forget.js"; // before anything is recalled
import "./zone.js";
import { startAside } from "./aside.js";
import { startClocks, tick } from "./clocks.js";
import { takesClick } from "./chosen.js";
import { bind, bindButton } from "./commands.js";
import { editDraft, quote, startComposer } from "./composer.js";
import { startDesk } from "./desk.js";
import { mayFind, openFind, startFind } from "./find.js";
import { goOn } from "./focus.js";
import { startFolding } from "./fold.js";
import { here, unlessLate } from "./here.js";
import { fetchFragment, send } from "./http.js";
import { startKeyboard } from "./keyboard.js";
import { chooseList, focusRow, hasRows, markCurrent, moveTo, readPlace, refreshList, showOlder as showOlderRows, showZone } from "./list.js";
import { gather, startLive } from "./live.js";
import { closeMenu as closeDeskMenu, openFilter } from "./menus.js";
import { startNotices } from "./notices.js";
import { editNote, startNotes } from "./notes.js";
import { watchPictures } from "./pictures.js";
import "./sure.js";
import "./unfolded.js";
import "./viewer.js";
import "./retract.js";
import { expand, markRead, openConversation, refreshThread, showMessage, showNewer, showNote, showOlder, startThread, toEnd } from "./thread.js";
import { focusSearch, forgetHits, hitsUrl, leaveSearch, markHit, remember, showMoreHits, showSearch, startSearch } from "./search.js";
import { startStops } from "./stops.js";
import { startTogether } from "./together.js";
import { forgetToasts, toast } from "./toast.js";
import { say } from "./words.js";

const body = document.body;
const askList = gather(refreshList);
const askThread = gather(refreshThread);
let today = new Date().toDateString();
const told = new Map(); // conversation -> its newest change that was told; one that is on its way may not hold it yet
let opening = 0; // what was chosen last is opened; what was chosen before it and comes later is not

// --- live ------------------------------------------------------------------------------------------------------------

function onChange({ conversation, seq }) {
  askList();
  told.set(String(conversation), seq);
  tell("changed", { conversation, seq });
  if (String(conversation) === openConversation() && seq > Number(document.getElementById("thread").dataset.seq)) askThread();
}

function onReturn() {
  askList();
  const isNewDay = today !== new Date().toDateString();
  today = new Date().toDateString();
  if (isNewDay) refreshThread(0).catch(() => {}); // "Today" has become "Yesterday"
  else askThread();
}

// --- moving about ----------------------------------------------------------------------------------------------------

// True when it is open; false when one has gone on while it was fetched.
async function open(url, { isBack = false } = {}) {
  const pane = document.getElementById("thread-pane");
  const number = ++opening;
  const thread = await unlessLate(() => number !== opening, fetchFragment(url));
  if (!thread) return false;
  if (!isBack) history.pushState({}, "", url);
  tell("leave");
  pane.replaceChildren(thread);
  body.dataset.view = "thread";
  document.title = `${thread.dataset.name} · Pilito`;
  startOpen();
  goOn(); // where the list has made room for it, the focus goes along
  return true;
}

// Whoever shows something beside the conversation hears of it here.
const tell = (what, detail = {}) => document.dispatchEvent(new CustomEvent(`conversation:${what}`, { detail }));

function startOpen() {
  startThread();
  startFind();
  startFolding();
  startComposer();
  startNotes();
  markCurrent();
  markHit();
  markRead();
  tick();
  tell("open");
  if (told.get(openConversation()) > Number(document.getElementById("thread")?.dataset.seq)) askThread();
}

function showListOnly() {
  const left = openConversation();
  const wasIn = document.getElementById("thread-pane").contains(document.activeElement);
  tell("leave");
  body.dataset.view = "list";
  const nothingChosen = document.getElementById("nothing-chosen").content.cloneNode(true);
  document.getElementById("thread-pane").replaceChildren(nothingChosen);
  markCurrent();
  tell("open");
  if (wasIn) focusRow(left);
}

// It was erased: nothing of what the customer wrote stays before anybody's eyes.
document.addEventListener("conversation:gone", () => {
  history.replaceState({}, "", `${body.dataset.home}?${body.dataset.query}`);
  if (hitsUrl()) forgetHits();
  document.getElementById("viewer").close();
  document.getElementById("viewer-picture").removeAttribute("src");
  showListOnly();
  document.getElementById("aside").replaceChildren();
  document.title = `${document.getElementById("list-title").textContent} · Pilito`;
  toast(say("gone"));
  refreshList().catch(() => {});
});

// Another list changes the list; what is open stays open.
function showOtherList(link) {
  closeDeskMenu();
  forgetHits(); // a search that is still on its way too
  history.pushState({}, "", openConversation() ? location.pathname + new URL(link.href).search : link.href);
  return chooseList(link);
}

// Whatever fails on the way falls back to the plain link.
const CLICKS = {
  ".skip": () => (openConversation() || !hasRows() ? document.getElementById("thread") : document.querySelector("#list .row[tabindex='0']")).focus(),
  ".row.is-away": (row) => (remember(), location.assign(row.href)),
  ".row": (row) => takesClick(row) || (row.matches(".hit") && remember(), open(row.href)),
  ".search-link": (link) => showSearch(link.href, { isNew: true }),
  ".search-more": showMoreHits,
  "#search-leave": leaveSearch,
  "[data-menu=filter]": openFilter,
  ".zones a, [data-list-link]": showOtherList,
  "#back": (link) => ((opening += 1), history.pushState({}, "", hitsUrl() ?? link.href), showListOnly(), refreshList()),
  "#find-open": openFind,
  "#more": showOlderRows,
  "#older": showOlder,
  "#newer": showNewer,
  ".expand": expand,
  ".reply-to": quote,
  "[data-edit-draft]": editDraft,
  "[data-edit-note]": editNote,
  "#aside a[data-jump], .bell-row": jump,
  "a.toast-action": (link) => open(link.href),
  ".about, .quote": (link) => showMessage(link.hash.slice(2)),
};

// To a place in a conversation, which may be another than the open one.
async function jump(link) {
  const wanted = new URL(link.href);
  const isHere = !link.dataset.of || link.dataset.of === openConversation();
  if (!isHere && !(await open(link.href))) return;
  if (wanted.hash.startsWith("#m")) return showMessage(wanted.hash.slice(2));
  if (wanted.hash.startsWith("#n")) return showNote(wanted.hash.slice(2));
}

// What leads here from outside of the page's links: the command bar, and a note of the system.
document.addEventListener("pilito:open", (event) => (event.preventDefault(), goTo(event.detail)));
navigator.serviceWorker?.addEventListener("message", ({ data }) => data?.open && goTo(data.open));

async function goTo(href) {
  const wanted = new URL(href, location.href);
  const of = /\/conversations\/(\d+)$/.exec(wanted.pathname)?.[1];
  try {
    if (of) return await jump({ href: wanted.href, dataset: { of } });
    if (wanted.pathname === new URL(body.dataset.home, location.href).pathname) return await goToList(wanted);
  } catch {
    // as a plain link
  }
  location.assign(wanted.href);
}

function goToList({ href }) {
  opening += 1;
  forgetHits();
  history.pushState({}, "", href);
  showListOnly();
  return chooseList({ href });
}

document.addEventListener("click", async (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const [selector, act] = Object.entries(CLICKS).find(([one]) => event.target.closest(one)) ?? [];
  if (!act) return;
  event.preventDefault();
  const element = event.target.closest(selector);
  try {
    await act(element);
  } catch {
    if (element.href) location.assign(element.href);
  }
});

window.addEventListener("popstate", () => {
  opening += 1;
  const place = new URLSearchParams(location.search);
  if (place.has("zone")) readPlace(place);
  if (location.pathname === new URL(document.getElementById("search").action).pathname) {
    showListOnly();
    return showSearch(location.href, { isBack: true }).catch(() => location.reload());
  }
  if (location.pathname === new URL(body.dataset.home, location).pathname) forgetHits();
  refreshList().catch(() => {});
  if (/\/conversations\/\d+$/.test(location.pathname)) open(location.href, { isBack: true }).catch(() => location.reload());
  else showListOnly();
});

// --- take over, give back, close -------------------------------------------------------------------------------------

document.addEventListener("submit", async (event) => {
  if (!event.target.matches("[data-action]")) return;
  event.preventDefault();
  const button = event.submitter ?? event.target.querySelector("button"); // it may stand outside of its form
  const from = here();
  button.disabled = true;
  button.dataset.waits = "";
  try {
    await send(event.target.action);
    delete button.dataset.waits; // what comes now knows of it
    tell("done");
    await Promise.all([refreshThread(), refreshList()]).catch(() => (askThread(), askList())); // it is done all the same
  } catch (error) {
    from.tell(error.message && error.name !== "TypeError" ? error.message : say("offline"));
  } finally {
    delete button.dataset.waits;
    button.disabled = false;
    goOn((from.isOpen() && document.getElementById(event.target.dataset.then)) || button);
  }
});

// --- by keyboard and by name -----------------------------------------------------------------------------------------

bindButton("take_over", '[data-verb="take_over"] button');
bindButton("give_back", '[data-verb="give_back"] button');
bind("search", focusSearch);
bind("find", () => (mayFind() ? openFind() : focusSearch()));
bind("next", () => moveTo(1), hasRows);
bind("previous", () => moveTo(-1), hasRows);
bind("newest", () => toEnd("smooth"), () => Boolean(openConversation()));
bindButton("aside", "#aside-toggle");

// --- start -----------------------------------------------------------------------------------------------------------

forgetToasts();
showZone();
startClocks();
startSearch();
startKeyboard();
watchPictures();
startAside();
startStops();
startOpen();
startDesk(() => (history.pushState({}, "", `${body.dataset.home}?${body.dataset.query}`), showListOnly()));
const line = startLive({ onChange, onReturn });
startTogether(line);
startNotices(line);
document.addEventListener("visibilitychange", () => openConversation() && markRead());
document.fonts?.ready.then(() => openConversation() && !location.hash && toEnd());
