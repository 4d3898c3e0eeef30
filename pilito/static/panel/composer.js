// The reply: kept while it is written, shown at once, true as soon as the server says so.
import { hasFiles, isUploading, startAttaching, takeCard, takeFiles } from "./attach.js";
import { recall, remember } from "./keep.js";
import { begin, deliver, showUnsent } from "./outgoing.js";
import { startEmoji } from "./emoji.js";
import { startPicker } from "./picker.js";
import { placesIn, selectPlace, tabThrough } from "./places.js";
import { addQuote, startQuotes, takeQuotes } from "./quotes.js";
import { openConversation } from "./thread.js";
import { seenWhenBegun } from "./together.js";
import { digits, say } from "./words.js";

const SHOW_SIZE_FROM = 0.8; // of the limit
const find = (id) => document.getElementById(id);
const encoder = new TextEncoder();
const OF_SERVER = ["csrf_token", "client_id", "zone"]; // fields that nobody fills
const WITH_REPLY = "[name^=card_], [name=draft], [name=reply_to], [name=quick_replies]";
const left = new Map(); // conversation -> its composer, where more than words stands in it while one looks at another

export function startComposer() {
  if (!find("composer")) return;
  const kept = left.get(openConversation());
  if (kept) putBack(kept);
  else prepare(find("composer"));
  const text = find("composer-text");
  const words = recall("reply", openConversation());
  text.value = words || text.value;
  if (words) find("composer-draft").value ||= recall("draft", openConversation());
  grow(text);
  startQuotes();
  startAttaching(() => showReady(text));
  showUnsent();
}

// What the server says of it is as it came just now: whether one may reply, the limits, where it goes.
function putBack(form) {
  const fresh = find("composer");
  form.hidden = fresh.hidden;
  for (const { name, value } of fresh.attributes) form.setAttribute(name, value);
  for (const name of OF_SERVER) form.elements[name].value = fresh.elements[name].value;
  fresh.replaceWith(form);
  left.delete(openConversation());
}

// Kept without the thread that was around it. The words are in keep.js.
document.addEventListener("conversation:leave", () => {
  const form = find("composer");
  if (!form) return;
  if (holdsMore(form)) left.set(openConversation(), form);
  form.remove();
});

// Of one that was erased nothing is kept.
document.addEventListener("conversation:gone", () => find("composer")?.remove());

const holdsMore = (form) => hasFiles() || isUploading() || [...form.querySelectorAll(WITH_REPLY)].some(({ value }) => value);

function prepare(form) {
  const text = find("composer-text");
  text.addEventListener("input", () => (keep(text), forgetDraft(text), grow(text)));
  const { canned, products } = find("composer").dataset;
  startPicker(text, {
    "/": { url: canned, hasSpaces: false, onPick: (option, at) => selectPlace(text, at) },
    "#": { url: products, hasSpaces: true, onPick: addQuote },
  });
  startEmoji(text);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) find("composer").requestSubmit();
    tabThrough(event, text);
  });
  find("composer-unquote").addEventListener("click", unquote);
  form.addEventListener("submit", (event) => (event.preventDefault(), submit(text)));
  explainEmpty("composer", text);
  find("composer-card").addEventListener("input", () => showReady(text));
  // The browser says what is wrong with a field only where one sees it.
  form.addEventListener("invalid", ({ target }) => target.closest("details")?.setAttribute("open", ""), true);
}

const keep = (text) => remember("reply", openConversation(), text.value);

// Put words into the reply, above what is being written there: nothing that somebody typed is lost.
export function fill(words, draft = "") {
  const text = find("composer-text");
  text.value = [words, text.value].filter(Boolean).join("\n");
  if (draft) tie(draft);
  find("write-reply").checked = true;
  keep(text);
  grow(text);
  text.focus();
}

// Without words there must be something else; what is being uploaded is waited for.
function showReady(text) {
  text.required = !hasFiles() && !find("composer-card-title").value;
  find("composer").querySelector(".send").disabled = isUploading();
}

async function submit(text) {
  if (isUploading()) return;
  const words = text.value.trim();
  const open = placesIn(words);
  explainIn("composer", open.length ? say("placeOpen", { place: open[0].text }) : "");
  if (open.length) return selectPlace(text);
  if (showFolded(find("composer"))) return explainIn("composer", say("goesAlong"));
  const files = takeFiles();
  const { card, picture } = takeCard();
  if (!words && !files.length && !Object.keys(card).length) return sayEmpty("composer", text);
  const replies = repliesOf(words, files, card, picture);
  text.value = "";
  keep(text);
  grow(text);
  showReady(text);
  text.focus();
  let before;
  for (const reply of replies) before = deliver(reply, before); // each after the one before
}

// A card or buttons that were folded away, perhaps an hour ago: nothing leaves that one does not see.
function showFolded(form) {
  const folded = [...form.querySelectorAll("details:not([open])")].filter(isFilled);
  for (const details of folded) details.open = true;
  return folded.length > 0;
}

const isFilled = (details) => [...details.querySelectorAll("[name]")].some(({ value }) => value.trim());

// One reply for each file and for the card; the words and their buttons go with the last. All were begun at once: what
// came since, the writer of the last has not seen either.
function repliesOf(words, files, card, cardPicture) {
  const seen = seenWhenBegun();
  const { reply_to, ...last } = { ...takeExtras(), ...takeQuotes(words) };
  const parts = files.map(({ picture, ...file }) => ({ fields: file, shown: file.attachment_name, picture }));
  if (Object.keys(card).length) parts.push({ fields: card, shown: card.card_title, picture: cardPicture });
  if (!parts.length) parts.push({ fields: {} });
  return parts.map(({ fields, shown, picture }, index) => {
    const isLast = index === parts.length - 1;
    const first = index === 0 && reply_to ? { reply_to } : {};
    const said = isLast ? { text: words, ...last } : {};
    const url = find("composer").action;
    return begin({ kind: "reply", url, fields: { ...fields, ...first, ...said, seen }, shown: (isLast && words) || shown, picture });
  });
}

// --- answering one message, and buttons under the reply --------------------------------------------------------------

export function quote({ dataset }) {
  find("composer-reply-to").value = dataset.replyTo;
  find("composer-quoted").textContent = dataset.words;
  find("composer-quote").hidden = false;
  find("write-reply").checked = true;
  find("composer-text").focus();
}

// A draft is mended here; sent, it is the draft's reply, so the card goes with it.
export function editDraft({ dataset }) {
  const words = find("draft-text").textContent;
  const isThere = find("composer-text").value.includes(words); // pressed twice
  fill(isThere ? "" : words, dataset.editDraft);
}

// Emptied, it is no draft any more: what is typed next is one's own.
function forgetDraft(text) {
  if (!text.value) tie("");
}

// Kept beside the words: sent as a reply of one's own, after a reload, a mended draft would end the assistant's work.
function tie(draft) {
  find("composer-draft").value = draft;
  remember("draft", openConversation(), draft);
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
  tie("");
  quick.value = "";
  quick.closest("details").open = false;
  return Object.fromEntries(Object.entries(extras).filter(([, value]) => value));
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

// A box that must not be empty says so as everything else here is said: the browser's bubble speaks its own language.
export function explainEmpty(form, text) {
  text.addEventListener("invalid", (event) => (event.preventDefault(), sayEmpty(form, text)));
  const problem = find(form).querySelector(".composer-problem");
  text.addEventListener("input", () => problem.textContent === emptyWords(form) && explainIn(form, ""));
}

export function sayEmpty(form, text) {
  explainIn(form, emptyWords(form));
  text.focus();
}

const emptyWords = (form) => say(form === "composer" ? "emptyReply" : "emptyNote");

// A sentence above a composer's box: what is wrong with what stands in it.
export function explainIn(form, words) {
  const place = find(form).querySelector(".composer-problem");
  place.textContent = words;
  place.hidden = !words;
}
