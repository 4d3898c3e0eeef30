// Who else looks at a conversation, who writes in it, and the soft lock: whoever sends while somebody else answers is
// asked once. The server says who is where; everything here ends by itself when it says nothing more.
import { openConversation } from "./thread.js";
import { say } from "./words.js";

const SAY_VIEWING_MS = 20_000;
const SAY_TYPING_MS = 3_000;
const STOPPED_MS = 5_000; // without a key
const PLACE_MS = 50_000; // how long the last word about a conversation counts
const TYPING_MS = 8_000;
const SHOWN = 3;

const find = (id) => document.getElementById(id);
const me = Number(document.body.dataset.operator);
const places = new Map(); // conversation -> { people, at }
let line = null;
let saidTyping = 0;
let stopTimer = null;
let seenAtStart = null; // the newest message when one began to write
let confirmed = new Set(); // of whom one was told before sending

export function startTogether(opened) {
  line = opened;
  line.on("presence", ({ conversation, people }) => (take(conversation, people), show()));
  line.on("connect", sayWhere);
  setInterval(sayWhere, SAY_VIEWING_MS);
  setInterval(show, 2_000); // what is old goes
  document.addEventListener("visibilitychange", sayWhere);
  document.addEventListener("conversation:open", () => ((seenAtStart = null), (confirmed = new Set()), sayWhere(), show()));
  document.addEventListener("input", onInput);
  document.addEventListener("submit", onSubmit, true);
  document.addEventListener("click", ({ target }) => target.closest("#lock-send") && sendAnyway());
  sayWhere();
}

// --- where one is ----------------------------------------------------------------------------------------------------

function sayWhere() {
  if (!line?.connected) return;
  const here = document.visibilityState === "visible" ? Number(openConversation()) || null : null;
  line.emit("viewing", here, (all) => (all?.forEach(({ conversation, people }) => take(conversation, people)), show()));
}

function take(conversation, people) {
  if (people.length) places.set(String(conversation), { people, at: Date.now() });
  else places.delete(String(conversation));
}

// The others at a conversation, each with whether they write.
function othersAt(conversation) {
  const place = places.get(String(conversation));
  if (!place || Date.now() - place.at > PLACE_MS) return [];
  const isFresh = Date.now() - place.at < TYPING_MS;
  return place.people.filter(({ id }) => id !== me).map((one) => ({ ...one, typing: one.typing && isFresh }));
}

// --- who writes ------------------------------------------------------------------------------------------------------

function onInput({ target }) {
  if (target.id !== "composer-text") return;
  clearTimeout(stopTimer);
  if (!target.value.trim()) return stopTyping();
  seenAtStart ??= newestSeen();
  if (Date.now() - saidTyping > SAY_TYPING_MS) (saidTyping = Date.now()), sayTyping(true);
  stopTimer = setTimeout(() => ((saidTyping = 0), sayTyping(false)), STOPPED_MS);
}

function stopTyping() {
  clearTimeout(stopTimer);
  seenAtStart = null;
  if (saidTyping) sayTyping(false);
  saidTyping = 0;
}

const sayTyping = (isTyping) => line?.connected && line.emit("typing", Number(openConversation()), isTyping);

// The newest message that stands in the thread.
export function newestSeen() {
  const ids = [...document.querySelectorAll("#items > [data-message-id]")].map(({ dataset }) => Number(dataset.messageId));
  return ids.length ? Math.max(...ids) : 0;
}

// The newest that stood there when the reply was begun: what came since, its writer may have overlooked.
export function seenWhenBegun() {
  const seen = seenAtStart ?? newestSeen();
  stopTyping();
  return seen;
}

// --- the soft lock ---------------------------------------------------------------------------------------------------

// What stands between one and sending: somebody writes, or holds it.
function obstacle() {
  const writer = othersAt(openConversation()).find(({ typing }) => typing);
  if (writer) return { key: `writes ${writer.id}`, words: say("answering", { name: isolated(writer.name) }), isWriting: true };
  const holder = find("composer-notes")?.dataset.holder;
  return holder ? { key: `holds ${holder}`, words: say("holds", { name: isolated(holder) }) } : null;
}

function onSubmit(event) {
  if (event.target.id !== "composer") return;
  const found = obstacle();
  if (!found || confirmed.has(found.key)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  showLock(found);
  find("lock-send").hidden = false;
  find("lock-send").focus();
}

function sendAnyway() {
  const found = obstacle();
  if (found) confirmed.add(found.key);
  find("lock-send").hidden = true;
  find("composer").requestSubmit();
}

// A name keeps its own direction inside a sentence of another.
const isolated = (name) => `\u2068${name}\u2069`;

// --- showing ---------------------------------------------------------------------------------------------------------

function show() {
  const head = find("viewers");
  if (head) fill(head, othersAt(openConversation()));
  for (const row of document.querySelectorAll("[data-viewers]")) fill(row, othersAt(row.dataset.viewers));
  if (find("lock")) showLock(obstacle());
}

function showLock(found) {
  const lock = find("lock");
  const isHidden = !found || find("composer").hidden;
  lock.hidden = isHidden;
  if (isHidden) return (find("lock-send").hidden = true);
  lock.dataset.state = found.isWriting ? "writing" : "held";
  if (find("lock-words").textContent !== found.words) find("lock-words").textContent = found.words;
}

function fill(place, people) {
  const key = people.map(({ id, typing, name }) => `${id}${typing}${name}`).join();
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  place.replaceChildren(...people.slice(0, SHOWN).map(badge));
}

function badge({ name, initials, tint, typing }) {
  const one = document.createElement("span");
  one.className = `avatar is-tiny tint-${Number(tint)}${typing ? " is-typing" : ""}`;
  one.textContent = initials;
  one.title = say(typing ? "answering" : "looks", { name: isolated(name) });
  one.setAttribute("role", "img");
  one.ariaLabel = one.title;
  return one;
}
