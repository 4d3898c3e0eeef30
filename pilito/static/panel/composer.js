// The reply: kept while it is written, shown at once, true as soon as the server says so.
import { hasFiles, isUploading, startAttaching, takeCard, takeFiles } from "./attach.js";
import { Refusal, send } from "./http.js";
import { openConversation, refreshThread, toEnd } from "./thread.js";
import { digits, say } from "./words.js";

const SHOW_SIZE_FROM = 0.8; // of the limit
const find = (id) => document.getElementById(id);
const encoder = new TextEncoder();

export function startComposer() {
  const text = find("composer-text");
  if (!text) return;
  text.value = recall() || text.value;
  grow(text);
  text.addEventListener("input", () => (remember(text.value), forgetDraft(text), grow(text)));
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) find("composer").requestSubmit();
  });
  find("composer-unquote").addEventListener("click", unquote);
  find("composer").addEventListener("submit", (event) => (event.preventDefault(), submit(text)));
  startAttaching(() => showReady(text));
  find("composer-card").addEventListener("input", () => showReady(text));
}

// Without words there must be something else; what is being uploaded is waited for.
function showReady(text) {
  text.required = !hasFiles() && !find("composer-card-title").value;
  find("composer").querySelector(".send").disabled = isUploading();
}

async function submit(text) {
  if (isUploading()) return;
  const words = text.value.trim();
  const files = takeFiles();
  const card = takeCard();
  if (!words && !files.length && !Object.keys(card).length) return;
  const replies = repliesOf(words, files, card);
  const url = find("composer").action;
  text.value = "";
  remember("");
  grow(text);
  showReady(text);
  text.focus();
  for (const { bubble, fields } of replies) await deliver(bubble, url, fields); // in this order
}

// One reply for each file and for the card; the words and their buttons go with the last.
function repliesOf(words, files, card) {
  const { reply_to, ...last } = takeExtras();
  const parts = files.map(({ picture, ...file }) => ({ fields: file, shown: file.attachment_name, picture }));
  if (Object.keys(card).length) parts.push({ fields: card, shown: card.card_title });
  if (!parts.length) parts.push({ fields: {} });
  return parts.map(({ fields, shown, picture }, index) => {
    const isLast = index === parts.length - 1;
    const bubble = showOptimistic((isLast && words) || shown, picture);
    const first = index === 0 && reply_to ? { reply_to } : {};
    const said = isLast ? { text: words, ...last } : {};
    return { bubble, fields: { client_id: bubble.dataset.clientId, ...fields, ...first, ...said } };
  });
}

// --- answering one message, and buttons under the reply --------------------------------------------------------------

export function quote({ dataset }) {
  find("composer-reply-to").value = dataset.replyTo;
  find("composer-quoted").textContent = dataset.words;
  find("composer-quote").hidden = false;
  find("composer-text").focus();
}

// A draft is mended here; sent, it is the draft's reply, so the card goes with it.
export function editDraft({ dataset }) {
  const text = find("composer-text");
  text.value = find("draft-text").textContent;
  find("composer-draft").value = dataset.editDraft;
  remember(text.value);
  grow(text);
  text.focus();
}

// Emptied, it is no draft any more: what is typed next is one's own.
function forgetDraft(text) {
  if (!text.value) find("composer-draft").value = "";
}

function unquote() {
  find("composer-reply-to").value = "";
  find("composer-quote").hidden = true;
}

// What goes with this reply and no other.
function takeExtras() {
  const quick = find("composer-quick");
  const extras = { draft: find("composer-draft").value, reply_to: find("composer-reply-to").value, quick_replies: quick.value.trim() };
  unquote();
  find("composer-draft").value = "";
  quick.value = "";
  quick.closest("details").open = false;
  return Object.fromEntries(Object.entries(extras).filter(([, value]) => value));
}

async function deliver(bubble, url, fields) {
  const foot = bubble.querySelector(".foot");
  bubble.classList.remove("has-failed");
  foot.textContent = say("sending");
  try {
    await send(url, fields);
  } catch (error) {
    return showFailure(bubble, foot, error, () => deliver(bubble, url, fields));
  }
  await refreshThread().catch(() => {}); // the bubble stays until the true one comes
}

function showFailure(bubble, foot, error, again) {
  bubble.classList.add("has-failed");
  foot.textContent = error instanceof Refusal ? error.message || say("failed") : say("unsent");
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "button", textContent: say("again") });
  button.addEventListener("click", again, { once: true });
  foot.append(" ", button);
  toEnd();
}

function showOptimistic(words, picture) {
  const bubble = document.createElement("li");
  bubble.className = "item is-ours from-operator is-optimistic";
  bubble.dataset.clientId = newId();
  bubble.innerHTML = '<div class="stack-of-parts"><div class="bubble"><p dir="auto"></p></div></div><p class="foot"></p>';
  bubble.querySelector(".bubble p").textContent = words;
  if (picture) {
    const shown = Object.assign(document.createElement("img"), { src: picture, alt: "", className: "optimistic-picture" });
    bubble.querySelector(".stack-of-parts").prepend(shown);
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

// --- while it is written ---------------------------------------------------------------------------------------------

function grow(text) {
  if (!CSS.supports("field-sizing", "content")) {
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight}px`;
  }
  showSize(encoder.encode(text.value).length, Number(find("composer").dataset.limit));
}

function showSize(used, limit) {
  const size = find("composer-size");
  const parts = Math.ceil(used / limit);
  size.classList.toggle("is-long", used > limit);
  if (used < limit * SHOW_SIZE_FROM) size.textContent = "";
  else if (used > limit) size.textContent = say("parts", { parts: digits(parts) });
  else size.textContent = say("bytes", { used: digits(used), limit: digits(limit) });
}

// A draft per conversation, for as long as the tab lives.
const key = () => `draft-${openConversation()}`;
const recall = () => sessionStorage.getItem(key());
function remember(words) {
  if (words) sessionStorage.setItem(key(), words);
  else sessionStorage.removeItem(key());
}
