// A reply taken back before it leaves: the server decides whether it still could, and the composer gets it again.
import { giveCard, giveFile } from "./attach.js";
import { bind } from "./commands.js";
import { fill, quote } from "./composer.js";
import { here } from "./here.js";
import { ask } from "./http.js";
import { recall, remember } from "./keep.js";
import { mendsBy } from "./outgoing.js";
import { giveQuotes } from "./quotes.js";
import { openConversation, refreshThread } from "./thread.js";
import { say } from "./words.js";

const find = (id) => document.getElementById(id);
const waiting = new Map(); // conversation -> what was taken back while one looked at another
const newest = () => [...document.querySelectorAll(".retract-now")].at(-1);

bind("retract", () => newest().click(), () => Boolean(newest()));

document.addEventListener("submit", async (event) => {
  if (!event.target.matches("[data-retract]")) return;
  event.preventDefault();
  const form = event.target;
  const from = here();
  form.querySelector("button").disabled = true;
  try {
    const taken = await ask(form.action);
    if (from.isOpen()) give(taken);
    else giveLater(from, taken);
  } catch (error) {
    from.tell(error.name === "TypeError" ? say("offline") : error.message || say("failed"));
    form.querySelector("button").disabled = false;
  }
  await refreshThread().catch(() => {});
});

// Ctrl+Z where there is nothing else to undo.
document.addEventListener("keydown", (event) => {
  const isUndo = event.code === "KeyZ" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
  if (!isUndo || event.target.id !== "composer-text" || event.target.value || !newest()) return;
  event.preventDefault();
  newest().click();
});

function give(taken) {
  fill(taken.text, taken.draft ?? "");
  giveRest(taken);
}

// It waits where it was written: the words in this browser, the rest while this page lives.
function giveLater({ conversation, tell }, taken) {
  remember("reply", conversation, [taken.text, recall("reply", conversation)].filter(Boolean).join("\n"));
  if (taken.draft) remember("draft", conversation, taken.draft);
  waiting.set(conversation, [...(waiting.get(conversation) ?? []), taken]);
  tell(say("takenBack"));
}

document.addEventListener("conversation:open", () => {
  for (const taken of waiting.get(openConversation()) ?? []) {
    if (taken.draft) find("composer-draft").value = taken.draft;
    giveRest(taken);
  }
  waiting.delete(openConversation());
});

function giveRest({ reply_to, quick_replies, file, card }) {
  if (reply_to) quote(answered(reply_to));
  if (quick_replies) {
    find("composer-quick").value = [quick_replies, find("composer-quick").value].filter(Boolean).join(" | ");
    find("composer-quick").closest("details").open = true;
  }
  if (file) giveFile(file);
  if (card) giveCard(card);
}

// The message may stand in a part of the thread that is not loaded.
const answered = (replyTo) =>
  document.querySelector(`[data-reply-to="${CSS.escape(replyTo)}"]`) ?? { dataset: { replyTo, words: say("earlierMessage") } };

// What was refused comes back whole too: of a photo with its words, the photo as well.
mendsBy("reply", ({ fields, picture }) => {
  const card = Object.fromEntries(Object.entries(fields).filter(([name]) => name.startsWith("card_")));
  const isCard = Object.keys(card).length > 0;
  const file = { id: fields.attachment, name: fields.attachment_name, kind: picture && "image", url: picture };
  give({ ...fields, file: fields.attachment && file, card: isCard && { ...card, picture } });
  giveQuotes(fields.quotes);
});
