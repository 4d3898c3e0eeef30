// What leaves a composer: shown at once, kept until the server has it, true as soon as the thread says so.
import { Refusal, send } from "./http.js";
import { dropUnsent, keepUnsent, unsentOf } from "./keep.js";
import { isAtEnd, openConversation, refreshThread, toEnd } from "./thread.js";
import { toast } from "./toast.js";
import { newestSeen, seenWhenBegun } from "./together.js";
import { say } from "./words.js";

const find = (id) => document.getElementById(id);
const menders = {}; // by kind: puts words back where they were written

export const mendsBy = (kind, mend) => (menders[kind] = mend);

// Begin to send: `kind` is reply or note, `shown` what the bubble says. Returns what `deliver` takes.
export function begin({ kind, url, fields, shown, picture }) {
  const seen = kind === "reply" ? { seen: seenWhenBegun() } : {};
  const one = { clientId: newId(), conversation: openConversation(), kind, url, fields: { ...fields, ...seen }, shown, picture };
  keepUnsent(one);
  return { one, bubble: showBubble(one) };
}

export async function deliver({ one, bubble }) {
  bubble.classList.remove("has-failed");
  bubble.querySelector(".foot").textContent = say("sending");
  try {
    await send(one.url, { client_id: one.clientId, ...one.fields });
  } catch (error) {
    return showFailure(one, bubble, error);
  }
  dropUnsent(one.clientId);
  await refreshThread().catch(() => {}); // the bubble stays until the true one comes
}

// What an earlier look at this conversation could not send; what arrived all the same is dropped.
export function showUnsent() {
  for (const one of unsentOf(openConversation())) {
    if (document.querySelector(`#items [data-client-id="${CSS.escape(one.clientId)}"]`)) dropUnsent(one.clientId);
    else showFailure(one, showBubble(one), new TypeError());
  }
}

function showFailure(one, bubble, error) {
  const isRefused = error instanceof Refusal;
  const wasAtEnd = isAtEnd();
  bubble.classList.add("has-failed");
  if (error.reason === "answered_meanwhile") return showOthersAnswer(one, bubble, error);
  const lost = say(one.kind === "note" ? "unsentNote" : "unsent");
  bubble.querySelector(".foot").replaceChildren(
    isRefused ? error.message || say("failed") : lost,
    " ",
    button("again", () => deliver({ one, bubble })),
    " ",
    ...(one.fields.text && menders[one.kind] ? [button("mend", () => (drop(one, bubble), menders[one.kind](one.fields))), " "] : []),
    button("discard", () => drop(one, bubble)),
  );
  call(wasAtEnd, isRefused ? error.message : lost);
}

// Somebody else answered: their words are shown first, and ours wait beneath them.
async function showOthersAnswer(one, bubble, error) {
  const wasAtEnd = isAtEnd();
  await refreshThread().catch(() => {});
  find("items").append(bubble);
  one.fields.seen = newestSeen();
  keepUnsent(one);
  const mend = () => (drop(one, bubble), menders[one.kind](one.fields));
  bubble.querySelector(".foot").replaceChildren(
    error.message,
    " ",
    button("sendAnyway", () => deliver({ one, bubble })),
    " ",
    ...(one.fields.text && menders[one.kind] ? [button("mend", mend), " "] : []),
    button("discard", () => drop(one, bubble)),
  );
  call(wasAtEnd, error.message);
}

// Who reads further up is told where they are: the view stays on what they read.
function call(wasAtEnd, words) {
  if (wasAtEnd) toEnd();
  else toast(words);
}

function drop(one, bubble) {
  dropUnsent(one.clientId);
  bubble.remove();
}

function button(name, act) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "button", textContent: say(name) });
  made.addEventListener("click", act, { once: true });
  return made;
}

function showBubble({ clientId, kind, shown, picture }) {
  const bubble = document.createElement("li");
  bubble.className = `item is-ours is-optimistic ${kind === "note" ? "from-note" : "from-operator"}`;
  bubble.dataset.clientId = clientId;
  bubble.innerHTML = '<div class="stack-of-parts"><div class="bubble"><p dir="auto"></p></div></div><p class="foot"></p>';
  bubble.querySelector(".bubble p").textContent = shown;
  if (picture) {
    const image = Object.assign(document.createElement("img"), { src: picture, alt: "", className: "optimistic-picture" });
    bubble.querySelector(".stack-of-parts").prepend(image);
  }
  find("items").append(bubble);
  toEnd();
  return bubble;
}

// randomUUID exists on https and on this machine only; a shop's own network may have neither.
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
