// The open conversation: its messages in the order they were sent, whenever they arrive.
import { tick } from "./clocks.js";
import { fetchFragment, send } from "./http.js";
import { morph } from "./morph.js";

const NEAR = 80; // pixels from the end that still count as "at the end"
const find = (id) => document.getElementById(id);

export const openConversation = () => find("thread")?.dataset.conversation;

export function startThread() {
  if (!openConversation()) return;
  const scroller = find("scroller");
  scroller.addEventListener("scroll", () => isAtEnd() && (find("new-pill").hidden = true), { passive: true });
  find("new-pill").addEventListener("click", () => toEnd("smooth"));
  stayAtEnd(scroller);
  watchOlder(scroller);
  showExpanders();
  if (location.hash.startsWith("#m")) return find(location.hash.slice(1))?.scrollIntoView();
  toEnd();
}

// --- what changed ----------------------------------------------------------------------------------------------------

export async function refreshThread(afterSeq) {
  const thread = find("thread");
  if (!openConversation()) return;
  const since = afterSeq ?? thread.dataset.seq;
  const fragment = await fetchFragment(`${thread.dataset.messages}?after_seq=${since}&zone=${document.body.dataset.zone}`);
  if (thread !== find("thread")) return; // another conversation was opened meanwhile
  show(fragment);
  thread.dataset.seq = fragment.dataset.seq;
  if (fragment.dataset.cut === "1") return refreshThread();
}

function show(fragment) {
  const wasAtEnd = isAtEnd();
  morph(find("thread-head"), fragment.querySelector("#thread-head"));
  morph(find("draft"), fragment.querySelector("#draft"));
  showNotes(fragment.querySelector("#composer-notes"));
  const fresh = [...fragment.querySelectorAll("ol > li[data-order]")].filter(place);
  arrangeDays();
  showExpanders();
  tick();
  if (wasAtEnd) toEnd();
  else if (fresh.some((item) => item === lastItem())) find("new-pill").hidden = false;
  markRead();
}

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
  if (isOlderThanLoaded) return false; // it comes with its page, when one scrolls up
  if (following) following.before(came);
  else find("items").append(came);
  return !shown;
}

function dropOptimistic(clientId) {
  if (clientId) document.querySelector(`.is-optimistic[data-client-id="${CSS.escape(clientId)}"]`)?.remove();
}

const items = () => [...find("items").querySelectorAll(":scope > li[data-order]")];
const lastItem = () => items().at(-1);

// A line before the first message of each day.
function arrangeDays() {
  let last = "";
  for (const child of [...find("items").children]) {
    if (child.classList.contains("day")) child.remove();
    else if (child.dataset.day && child.dataset.day !== last) {
      child.before(dayLine(child));
      last = child.dataset.day;
    }
  }
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

// --- older messages --------------------------------------------------------------------------------------------------

function watchOlder(scroller) {
  const observer = new IntersectionObserver(
    ([entry]) => entry.isIntersecting && entry.target.matches("a") && showOlder(),
    { root: scroller, rootMargin: "200px 0px 0px 0px" },
  );
  observer.observe(find("older"));
  scroller.olderObserver = observer;
}

export async function showOlder() {
  const link = find("older");
  if (link.ariaBusy === "true") return;
  link.ariaBusy = "true";
  const scroller = find("scroller");
  const { messages } = find("thread").dataset;
  try {
    const fragment = await fetchFragment(`${messages}?before=${encodeURIComponent(link.dataset.before)}`);
    if (scroller !== find("scroller")) return;
    const fromEnd = scroller.scrollHeight - scroller.scrollTop;
    find("items").prepend(...[...fragment.querySelectorAll("ol > li[data-order]")].filter((item) => !find(item.id)));
    arrangeDays();
    showExpanders();
    link.replaceWith(fragment.querySelector("#older"));
    scroller.scrollTop = scroller.scrollHeight - fromEnd; // the view stays on what was read
    scroller.olderObserver.observe(find("older"));
  } finally {
    link.ariaBusy = "false";
  }
}

// --- where one reads -------------------------------------------------------------------------------------------------

function isAtEnd() {
  const { scrollHeight, scrollTop, clientHeight } = find("scroller");
  return scrollHeight - scrollTop - clientHeight < NEAR;
}

export function toEnd(behavior = "instant") {
  const scroller = find("scroller");
  scroller.scrollTo({ top: scroller.scrollHeight, behavior });
  find("new-pill").hidden = true;
}

// Fonts, captions and the growing composer move the end: whoever was there stays there.
function stayAtEnd(scroller) {
  let wasAtEnd = true;
  scroller.addEventListener("scroll", () => (wasAtEnd = isAtEnd()), { passive: true });
  const observer = new ResizeObserver(() => wasAtEnd && scroller.isConnected && toEnd());
  observer.observe(scroller);
  observer.observe(find("items"));
}

export function markRead() {
  const unread = Number(find("thread-head")?.dataset.unread || 0);
  if (unread && document.visibilityState === "visible") send(find("thread").dataset.read).catch(() => {});
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
