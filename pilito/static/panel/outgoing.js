// What leaves a composer: shown at once, kept until the server has it, true as soon as the thread says so. Whoever has
// gone on to another conversation before the answer is told there, and finds it where it was written.
import { here } from "./here.js";
import { NO_ANSWER, Refusal, send } from "./http.js";
import { dropUnsent, keepUnsent, unsentOf } from "./keep.js";
import { isAtEnd, refreshThread, toEnd } from "./thread.js";
import { newestSeen } from "./together.js";
import { say } from "./words.js";

const find = (id) => document.getElementById(id);
const menders = {}; // by kind: puts words back where they were written
const underWay = new Map(); // client id -> what `deliver` takes, until there is an answer
const OTHER_TAB_MS = 200; // what another tab has kept is seen here a moment later
const AGAIN_MS = 5_000; // after a look that failed
const OVERTAKEN = ["answered_meanwhile", "draft_gone", "facts_changed"];

export const mendsBy = (kind, mend) => (menders[kind] = mend);

// Begin to send: `kind` is reply or note, `shown` what the bubble says, `mentioned` whom a note names. Returns what
// `deliver` takes: what is sent, its bubble, and where it was written.
export function begin({ kind, url, fields, shown, picture, mentioned }) {
  const from = here();
  const one = { clientId: newId(), conversation: from.conversation, kind, url, fields, shown, picture, mentioned };
  keepUnsent(one);
  const sent = { one, bubble: showAtEnd(makeBubble(one)), from };
  underWay.set(one.clientId, sent);
  return sent;
}

// A part of a reply waits until the one `before` it is done, and is locked as long: no other tab offers it meanwhile.
export async function deliver(sent, before) {
  const { one, bubble } = sent;
  underWay.set(one.clientId, sent);
  sent.isOld = false;
  bubble.classList.remove("has-failed");
  bubble.querySelector(".foot").textContent = say("sending");
  try {
    await alone(one, () => sendAfter(before, one));
  } catch (error) {
    underWay.delete(one.clientId);
    return showFailure(sent, error);
  }
  underWay.delete(one.clientId);
  await settle(bubble);
}

// The bubble stays until the true one comes, which may stand in a part of the thread that is not loaded, or never comes:
// another tab has discarded it.
async function settle(bubble) {
  const again = () => bubble.isConnected && settle(bubble);
  await refreshThread().then(() => bubble.remove(), () => setTimeout(again, AGAIN_MS));
}

// Without locks another tab may take what waits here; that is not sent here any more.
async function sendAfter(before, one) {
  const wasKept = keptOf(one); // a browser may keep nothing
  await before;
  if (wasKept && !keptOf(one) && !navigator.locks) return;
  await sendKept(one);
}

// What became of it is kept before another tab may look.
async function sendKept(one) {
  try {
    await send(one.url, { client_id: one.clientId, ...one.fields });
  } catch (error) {
    keepWhy(one, error);
    throw error;
  }
  dropUnsent(one.clientId);
}

function keepWhy(one, error) {
  Object.assign(one, { why: whyOf(error), reason: error.reason });
  keepUnsent(one);
}

function whyOf(error) {
  if (error.reason === NO_ANSWER) return say("noAnswerWords");
  return error instanceof Refusal ? error.message || say("failed") : "";
}

// What an earlier look at this conversation sent and could not send; what arrived all the same is dropped.
export function showUnsent() {
  const from = here();
  const sending = [...underWay.values()].filter(({ one }) => one.conversation === from.conversation);
  const failed = unsentOf(from.conversation).filter(({ clientId }) => !underWay.has(clientId));
  const wasAtEnd = isAtEnd(); // else one came for a certain message, or reads it
  for (const { one, bubble } of sending) hasArrived(one) || find("items").append(bubble);
  for (const one of failed) {
    if (hasArrived(one)) dropUnsent(one.clientId);
    else showOld(one, from);
  }
  if (wasAtEnd) toEnd();
}

// Another tab may be sending it in this moment: until that one has its answer, nothing is offered here.
async function showOld(one, from) {
  const bubble = makeBubble(one);
  bubble.querySelector(".foot").textContent = say("sending");
  find("items").append(bubble);
  await alone(one, () => new Promise((done) => setTimeout(done, OTHER_TAB_MS)));
  if (!bubble.isConnected) return; // it has arrived, or one looks at another conversation
  const kept = keptOf(one);
  if (!kept) return settle(bubble);
  const error = kept.why ? new Refusal(kept.why, kept.reason) : new TypeError();
  showFailure({ one: kept, bubble, from, isOld: true }, error);
}

// One tab at a time sends it or looks what became of it, and one that ends lets go. Without https a browser has no locks.
const alone = ({ clientId }, act) => (navigator.locks ? navigator.locks.request(`pilito-${clientId}`, act) : act());

const keptOf = ({ clientId, conversation }) => unsentOf(conversation).find((one) => one.clientId === clientId);
const hasArrived = ({ clientId }) => Boolean(document.querySelector(`#items [data-client-id="${CSS.escape(clientId)}"]`));

function showFailure(sent, error) {
  const { one, bubble, from } = sent;
  // Gone from its own conversation, it has arrived, and only the answer was lost.
  if (from.isOpen() && !bubble.isConnected) return dropUnsent(one.clientId);
  const lost = say(one.kind === "note" ? "unsentNote" : "unsent");
  keepWhy(one, error);
  if (!from.isOpen()) return from.tell(one.why || lost);
  const wasAtEnd = isAtEnd();
  bubble.classList.add("has-failed");
  if (OVERTAKEN.includes(error.reason)) return showOthersAnswer(sent, error);
  bubble.querySelector(".foot").replaceChildren(
    one.why || lost,
    " ",
    button("again", () => deliver(sent)),
    " ",
    button("mend", () => mend(sent)),
    " ",
    button("discard", () => drop(one, bubble)),
  );
  call(sent, wasAtEnd, one.why || lost);
}

// Somebody else answered, or decided about the draft that was mended here, or what it rests on is another by now: that is
// shown first, and ours wait beneath it. Without its draft it is a reply of one's own.
async function showOthersAnswer(sent, error) {
  const { one, bubble, from } = sent;
  const wasAtEnd = isAtEnd();
  await refreshThread().catch(() => {});
  if (!bubble.isConnected) return from.tell(error.message); // what they said is seen when one comes back
  find("items").append(bubble);
  one.fields.seen = newestSeen();
  const isDraftGone = error.reason === "draft_gone";
  if (isDraftGone) delete one.fields.draft;
  keepUnsent(one);
  const words = isDraftGone ? say("draftGone") : error.message;
  bubble.querySelector(".foot").replaceChildren(
    words,
    " ",
    button("sendAnyway", () => deliver(sent)),
    " ",
    button("mend", () => mend(sent)),
    " ",
    button("discard", () => drop(one, bubble)),
  );
  call(sent, wasAtEnd, words);
}

// Who reads further up is told where they are, once: the view stays on what they read.
function call({ from, isOld }, wasAtEnd, words) {
  if (wasAtEnd) toEnd();
  else if (!isOld) from.tell(words);
}

// What got no answer may have arrived all the same: sent anew with other words it would be a second message.
async function mend(sent) {
  const { one, bubble, from } = sent;
  if (mayHaveArrived(one)) {
    try {
      await alone(one, refreshThread);
    } catch (error) {
      if (from.isOpen()) showFailure(sent, error);
      return from.tell(say("unsure"));
    }
    if (!from.isOpen()) return; // it waits there
    if (!bubble.isConnected) return from.tell(say("arrived"));
  }
  drop(one, bubble);
  menders[one.kind](one);
}

// No sentence of the server's: a proxy's, or none; or another tab has had it since.
const mayHaveArrived = (one) => !one.why || one.why === say("failed") || one.reason === NO_ANSWER || !keptOf(one);

function drop(one, bubble) {
  dropUnsent(one.clientId);
  bubble.remove();
}

function button(name, act) {
  const made = make("button", { type: "button", className: "button", textContent: say(name) });
  made.dataset.does = name;
  made.addEventListener("click", act, { once: true });
  return made;
}

function makeBubble({ clientId, kind, shown, picture }) {
  const bubble = document.createElement("li");
  bubble.className = `item is-ours is-optimistic ${kind === "note" ? "from-note" : "from-operator"}`;
  bubble.dataset.clientId = clientId;
  const words = make("p", { dir: "auto", textContent: shown });
  const parts = make("div", { className: "stack-of-parts" });
  if (picture) parts.append(make("img", { src: picture, alt: "", className: "optimistic-picture" }));
  parts.append(make("div", { className: "bubble" }, words));
  bubble.append(parts, make("p", { className: "foot" }));
  return bubble;
}

function make(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function showAtEnd(bubble) {
  find("items").append(bubble);
  toEnd();
  return bubble;
}

// randomUUID exists on https and on this machine only; a shop's own network may have neither.
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
