// The open conversation: its messages in the order they were sent, whenever they arrive.
import { serverNow, tick } from "./clocks.js";
import { fetchFragment, send } from "./http.js";
import { dropUnsent } from "./keep.js";
import { morph } from "./morph.js";

const NEAR = 80; // pixels from the end that still count as "at the end"
const QUIET_MS = 1_000;
let loudAgain = null;
let instead = 0; // what was asked for last is shown, whatever comes later
const find = (id) => document.getElementById(id);
// Whether what is unread here came in, and is seen by being shown; else somebody wants it to look unread.
let hasNews = false;

export const openConversation = () => find("thread")?.dataset.conversation;
const isPointed = () => /^#[mn]\d+$/.test(location.hash); // at a message or a note

export function startThread() {
  if (!openConversation()) return;
  const scroller = find("scroller");
  scroller.addEventListener("scroll", () => isAtEnd() && (find("new-pill").hidden = true), { passive: true });
  find("new-pill").addEventListener("click", () => toEnd("smooth"));
  stayAtEnd(scroller);
  watchEnds(scroller);
  showExpanders();
  const asked = isPointed() && find(location.hash.slice(1));
  if (asked) pointAt(asked, "instant");
  else toEnd();
}

// --- what changed ----------------------------------------------------------------------------------------------------

export async function refreshThread(afterSeq) {
  const thread = find("thread");
  if (!openConversation()) return;
  const since = afterSeq ?? thread.dataset.seq;
  const fragment = await fetchFragment(`${thread.dataset.messages}?after_seq=${since}&${document.body.dataset.query}`).catch(tellGone(thread));
  if (thread !== find("thread")) return; // another conversation was opened meanwhile
  if (afterSeq === undefined && Number(fragment.dataset.seq) < Number(thread.dataset.seq)) return; // a newer one was quicker
  show(fragment);
  thread.dataset.seq = fragment.dataset.seq;
  if (fragment.dataset.cut === "1") return refreshThread();
}

// It was erased: main.js takes the customer's words off the page.
const tellGone = (thread) => (error) => {
  const isGone = error.status === 404 && thread === find("thread");
  if (isGone) document.dispatchEvent(new CustomEvent("conversation:gone", { detail: openConversation() }));
  throw error;
};

function show(fragment) {
  const wasAtEnd = isAtEnd();
  hasNews ||= [...fragment.querySelectorAll(".from-customer")].some(isNew);
  morph(find("thread-head"), fragment.querySelector("#thread-head"));
  morph(find("draft"), fragment.querySelector("#draft"));
  showNotes(fragment.querySelector("#composer-notes"));
  const fresh = [...fragment.querySelectorAll("ol > li[data-order]")].filter(place);
  morph(find("writing-now"), fragment.querySelector("#writing-now"));
  arrangeDays();
  showExpanders();
  tick();
  if (wasAtEnd) toEnd();
  else if (fresh.some((item) => item === lastItem())) find("new-pill").hidden = false;
  if (hasNews) markRead();
}

// A message or a note; old steps come with every look.
const isNew = ({ id, dataset }) => !find(id) && Number(dataset.seq) > Number(find("thread").dataset.seq);

function showNotes(notes) {
  morph(find("composer-notes"), notes);
  find("composer").hidden = notes.dataset.mayReply !== "1";
}

// Put one message where its time says; true when it is new here.
function place(came) {
  dropOptimistic(came.dataset.clientId);
  const shown = find(came.id);
  if (shown?.dataset.order === came.dataset.order) {
    morph(shown, came);
    return false;
  }
  shown?.remove();
  const following = items().find((item) => item.dataset.order > came.dataset.order);
  const isOlderThanLoaded = following === items()[0] && following && find("older").matches("a");
  const isNewerThanLoaded = !following && hasNewer();
  if (isNewerThanLoaded && isNew(came)) find("new-pill").hidden = false;
  if (isOlderThanLoaded || isNewerThanLoaded) return false; // it comes with its page, when one scrolls there
  if (following) following.before(came);
  else find("items").append(came);
  return !shown;
}

// It has arrived, whatever became of the answer to its sending: nothing of it is kept for another try.
function dropOptimistic(clientId) {
  if (!clientId) return;
  dropUnsent(clientId);
  document.querySelector(`.is-optimistic[data-client-id="${CSS.escape(clientId)}"]`)?.remove();
}

const items = () => [...find("items").querySelectorAll(":scope > li[data-order]")];
const lastItem = () => items().at(-1);

// The assistant's worker keeps its word for as long as it lives; when that is over, the truth is asked for.
setInterval(() => {
  const line = document.querySelector("[data-ends]");
  if (!line || serverNow() < Date.parse(line.dataset.ends)) return;
  delete line.dataset.ends;
  refreshThread().catch(() => {});
}, 1000);

// A line before the first message of each day. One that stands where it belongs stays: a screen reader reads aloud
// whatever is added.
function arrangeDays() {
  let last = "";
  let line = null; // stands before the next message
  for (const child of [...find("items").children]) {
    if (child.classList.contains("day")) {
      line?.remove();
      line = child;
    } else if (child.dataset.day) {
      const isFirst = child.dataset.day !== last;
      last = child.dataset.day;
      const isRight = isFirst && line?.dataset.day === last && line.textContent === child.dataset.dayName;
      if (!isRight) line?.remove();
      if (isFirst && !isRight) child.before(dayLine(child));
      line = null;
    }
  }
  line?.remove();
}

function dayLine({ dataset }) {
  const line = document.createElement("li");
  const name = document.createElement("span");
  line.className = "day";
  line.dataset.day = dataset.day;
  name.textContent = dataset.dayName;
  line.append(name);
  return line;
}

// --- older and newer messages ----------------------------------------------------------------------------------------

// Opened at a message far up, a conversation goes on in both directions.
const hasNewer = () => Boolean(find("newer")?.matches("a"));

function watchEnds(scroller) {
  const load = { older: showOlder, newer: showNewer };
  const observer = new IntersectionObserver(
    (seen) => seen.forEach(({ isIntersecting, target }) => isIntersecting && target.matches("a") && load[target.id]()),
    { root: scroller, rootMargin: "200px 0px" },
  );
  scroller.ends = observer;
  watchAgain(scroller);
}

function watchAgain(scroller) {
  scroller.ends.disconnect();
  scroller.ends.observe(find("older"));
  scroller.ends.observe(find("newer"));
}

export async function showOlder() {
  const link = find("older");
  await loadPage(link, `before=${encodeURIComponent(link.dataset.before)}`, (fragment, scroller) => {
    const fromEnd = scroller.scrollHeight - scroller.scrollTop;
    quietly(() => (find("items").prepend(...newItems(fragment)), settleItems()));
    link.replaceWith(fragment.querySelector("#older"));
    scroller.scrollTop = scroller.scrollHeight - fromEnd; // the view stays on what was read
  });
}

export async function showNewer() {
  const link = find("newer");
  await loadPage(link, `after=${encodeURIComponent(link.dataset.after)}`, (fragment) => {
    quietly(() => (find("items").append(...newItems(fragment)), settleItems()));
    link.replaceWith(fragment.querySelector("#newer"));
  });
}

async function loadPage(link, which, put) {
  if (link.ariaBusy === "true") return;
  link.ariaBusy = "true";
  const scroller = find("scroller");
  try {
    const fragment = await fetchFragment(`${find("thread").dataset.messages}?${which}`);
    if (scroller !== find("scroller") || !link.isConnected) return;
    put(fragment, scroller);
    watchAgain(scroller);
    askForMissed(fragment);
  } finally {
    link.ariaBusy = "false";
  }
}

const newItems = (fragment) => [...fragment.querySelectorAll("ol > li[data-order]")].filter((item) => !find(item.id));

// Other messages in the place of all that are shown; what is being sent stays beneath them.
async function showInstead(which) {
  const thread = find("thread");
  const number = ++instead;
  const fragment = await fetchFragment(`${thread.dataset.messages}?${which}`);
  if (thread !== find("thread") || number !== instead) return;
  const sending = thread.querySelectorAll("#items > .is-optimistic");
  quietly(() => find("items").replaceChildren(...fragment.querySelectorAll("ol > li[data-order]"), ...sending));
  find("older").replaceWith(fragment.querySelector("#older"));
  find("newer").replaceWith(fragment.querySelector("#newer"));
  settleItems();
  tick();
  watchAgain(find("scroller"));
  thread.dispatchEvent(new Event("items"));
  askForMissed(fragment);
}

// While the page was on its way a message may have come that had no place among those shown then, and is not in the
// page either.
function askForMissed({ dataset }) {
  const thread = find("thread");
  if (Number(dataset.seq) >= Number(thread.dataset.seq)) return;
  thread.dataset.seq = dataset.seq;
  refreshThread().catch(() => {});
}

// A page that one asked for is not news: a screen reader would read all of it aloud. It looks a moment later.
function quietly(put) {
  const log = find("items").parentElement;
  clearTimeout(loudAgain);
  log.ariaLive = "off";
  put();
  loudAgain = setTimeout(() => (log.ariaLive = "polite"), QUIET_MS);
}

// Show one message, or one note, wherever it stands in the conversation, and point at it.
export const showMessage = (number) => showItem(`m${number}`, `around=${number}`);
export const showNote = (number) => showItem(`n${number}`, `note=${number}`);

async function showItem(id, which) {
  if (!find(id)) await showInstead(which);
  const item = find(id);
  if (item) pointAt(item);
}

function pointAt(message, behavior = "smooth") {
  message.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : behavior });
  message.classList.remove("is-found");
  requestAnimationFrame(() => message.classList.add("is-found"));
}

function settleItems() {
  arrangeDays();
  showExpanders();
}

// --- where one reads -------------------------------------------------------------------------------------------------

export function isAtEnd() {
  if (hasNewer()) return false;
  const { scrollHeight, scrollTop, clientHeight } = find("scroller");
  return scrollHeight - scrollTop - clientHeight < NEAR;
}

export function toEnd(behavior = "instant") {
  if (hasNewer()) return showInstead("newest=1").then(() => hasNewer() || toEnd());
  const scroller = find("scroller");
  scroller.scrollTo({ top: scroller.scrollHeight, behavior });
  find("new-pill").hidden = true;
}

// Fonts, captions and the growing composer move the end: whoever was there stays there.
function stayAtEnd(scroller) {
  let wasAtEnd = !isPointed();
  scroller.addEventListener("scroll", () => (wasAtEnd = isAtEnd()), { passive: true });
  const observer = new ResizeObserver(() => wasAtEnd && scroller.isConnected && toEnd());
  observer.observe(scroller);
  observer.observe(find("items"));
}

// Whoever opens a conversation or comes back to it, or has it before them when something comes in, has read it.
export function markRead() {
  const unread = Number(find("thread-head")?.dataset.unread || 0);
  hasNews = unread > 0;
  if (find("thread")?.dataset.staysUnread) return; // see desk.js
  if (unread && document.visibilityState === "visible") send(find("thread").dataset.read).then(() => (hasNews = false), () => {});
}

// --- long captions ---------------------------------------------------------------------------------------------------

function showExpanders() {
  document.querySelectorAll(".share .caption:not(.is-open)").forEach((caption) => {
    const button = caption.nextElementSibling;
    if (button?.matches(".expand")) button.hidden = caption.scrollHeight <= caption.clientHeight + 1;
  });
}

export function expand(button) {
  const isOpen = button.previousElementSibling.classList.toggle("is-open");
  button.setAttribute("aria-expanded", isOpen);
  button.textContent = isOpen ? button.dataset.less : button.dataset.more;
}
