// The fourth pane: about the customer. Fetched when it is open and something changed; its links and searches stay in it.
import { here } from "./here.js";
import { fetchFragment } from "./http.js";
import { gather } from "./live.js";
import { morph } from "./morph.js";
import { openConversation } from "./thread.js";
import { toast } from "./toast.js";
import { say } from "./words.js";

const KEY = "aside";
const WIDE = window.matchMedia("(min-width: 1280px)"); // beside the thread; narrower it lies over it
const PHONE = window.matchMedia("(max-width: 760px)"); // over everything
const BEHIND = ".skip, .rail, .list-pane, .thread-pane";
const find = (id) => document.getElementById(id);
let shownUrl = null;

export function startAside() {
  document.addEventListener("conversation:open", () => (isWanted() || isHere() ? show() : fold()));
  document.addEventListener("conversation:changed", ({ detail }) => String(detail.conversation) === openConversation() && refresh());
  document.addEventListener("conversation:done", () => (shownUrl = null, refresh())); // a question in it is answered
  document.addEventListener("click", onClick, true);
  document.addEventListener("submit", onSubmit, true);
  document.addEventListener("keydown", onKey);
  for (const width of [WIDE, PHONE]) width.addEventListener("change", keep);
}

const pane = () => find("aside");
const isOpen = () => !pane().hidden;
const home = () => find("aside-toggle")?.href;
const shownOf = () => find("aside-content")?.dataset.of;
const refresh = gather(() => (isOpen() && home() ? load(shownUrl ?? home()) : null));

// It came with the page: somebody asked for it by its address.
const isHere = () => isOpen() && Boolean(openConversation()) && shownOf() === openConversation();

// Beside the thread it is as it was left; over it, it would hide what one came to read.
function isWanted() {
  if (!openConversation()) return false;
  return WIDE.matches && localStorage.getItem(KEY) !== "folded";
}

async function show() {
  pane().hidden = false;
  mark();
  shownUrl = null;
  if (shownOf() === openConversation()) return;
  // At once: one customer's "Block" must not stand beside another's words, however long the answer takes.
  pane().replaceChildren(find("aside-waiting").content.cloneNode(true));
  const from = here();
  await load(home()).catch(() => from.isOpen() && isOpen() && (toast(say("offline")), refresh()));
}

function fold() {
  pane().hidden = true;
  mark();
}

function mark() {
  document.body.dataset.aside = isOpen() ? "open" : "folded";
  find("aside-toggle")?.setAttribute("aria-expanded", isOpen());
  keep();
}

// Over the thread it keeps the Tab key (focus.js); where nothing else is seen, what is behind cannot be used at all.
function keep() {
  const isOver = isOpen() && !WIDE.matches;
  const isAll = isOver && PHONE.matches;
  if (isOver) pane().dataset.keeps = isAll ? "all" : "inside";
  else delete pane().dataset.keeps;
  for (const one of document.querySelectorAll(BEHIND)) one.inert = isAll;
}

async function load(url) {
  const of = openConversation();
  const came = await fetchFragment(url);
  if (of !== openConversation() || came.dataset.of !== of) return;
  const shown = find("aside-content");
  if (shown?.dataset.of === of) morph(shown, came);
  else pane().replaceChildren(came), (pane().scrollTop = 0);
}

function toggle() {
  const opens = !isOpen();
  if (WIDE.matches) localStorage.setItem(KEY, opens ? "open" : "folded");
  if (opens) return show().then(() => !WIDE.matches && pane().focus());
  fold();
  [...document.querySelectorAll("#aside-toggle, .thread-person")].find((one) => one.offsetParent)?.focus();
}

function onClick(event) {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const within = (selector) => event.target.closest(selector);
  if (within("#aside-toggle, #aside-close, .thread-person")) return event.preventDefault(), toggle();
  const link = within("#aside a[data-aside]");
  if (link) return event.preventDefault(), go(link.href);
  if (within("#aside a[data-jump]") && !WIDE.matches) fold(); // what it leads to lies beneath
}

function onSubmit(event) {
  if (!event.target.matches("#aside form[data-aside]")) return;
  event.preventDefault();
  go(`${event.target.action}?${new URLSearchParams(new FormData(event.target))}`);
}

function go(url) {
  const from = here();
  shownUrl = url;
  load(url).then(() => from.isOpen() && showAnswer()).catch(() => from.isOpen() && location.assign(url));
}

// What was asked for may lie beneath what is seen of the pane; and what was pressed may be gone, with the focus on it.
function showAnswer() {
  const title = find("aside-same");
  title?.parentElement.scrollIntoView({ block: "nearest" });
  if (!pane().contains(document.activeElement)) title?.focus({ preventScroll: true });
}

function onKey(event) {
  if (event.key === "Escape" && isOpen() && !WIDE.matches && !event.defaultPrevented) toggle();
}
