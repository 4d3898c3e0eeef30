// Notes for the team: written beside the reply, in a form that knows no way to the customer.
import { bind } from "./commands.js";
import { send } from "./http.js";
import { recall, recallParts, remember } from "./keep.js";
import { begin, deliver, mendsBy } from "./outgoing.js";
import { startEmoji } from "./emoji.js";
import { here } from "./here.js";
import { startPicker } from "./picker.js";
import { openConversation, refreshThread } from "./thread.js";
import { explainEmpty, explainIn, sayEmpty } from "./composer.js";
import { say } from "./words.js";

const find = (id) => document.getElementById(id);
let mentioned = new Map(); // id -> name, as it was picked; kept with the words
let editing = null; // the address of the note that is mended

export function startNotes() {
  const text = find("note-text");
  if (!text) return;
  mentioned = new Map(recallParts("mentions", openConversation()));
  const mended = recallParts("mended", openConversation());
  editing = mended?.url ?? null;
  find("note-cancel").hidden = !editing;
  text.value = mended?.words ?? recall("note", openConversation());
  if (editing || (text.value && !find("composer-text").value)) find("write-note").checked = true;
  startPicker(text, { "@": { url: find("note-composer").dataset.people, hasSpaces: true, onPick: mention } });
  startEmoji(text);
  text.addEventListener("input", () => keep(text.value));
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) find("note-composer").requestSubmit();
    if (event.key === "Escape" && editing && !event.defaultPrevented) endEditing();
  });
  explainEmpty("note-composer", text);
  find("note-composer").addEventListener("submit", (event) => (event.preventDefault(), submit(text)));
  find("note-cancel").addEventListener("click", endEditing);
}

const mayWrite = () => Boolean(find("write-note"));

bind("note", writeNote, mayWrite);
bind("reply", writeReply, () => mayWrite() && !find("composer").hidden);
mendsBy("note", giveBack);

// Words that mend a note are kept as a draft is, and beside it.
function keep(words) {
  if (editing) remember("mended", openConversation(), JSON.stringify({ url: editing, words }));
  else remember("note", openConversation(), words);
}

const mention = ({ dataset }) => keepMentioned([...mentioned, [dataset.person, dataset.name]]);

function keepMentioned(named) {
  mentioned = new Map(named);
  remember("mentions", openConversation(), mentioned.size ? JSON.stringify([...mentioned]) : "");
}

export function writeNote() {
  find("write-note").checked = true;
  find("note-text").focus();
}

export function writeReply() {
  find("write-reply").checked = true;
  find("composer-text")?.focus();
}

async function submit(text) {
  const words = text.value.trim();
  if (!words) return sayEmpty("note-composer", text);
  const named = namedIn(words);
  const fields = { text: words, mentions: named.map(([id]) => id).join(",") };
  if (editing) return mend(fields, named);
  fill("");
  keepMentioned([]);
  remember("note", openConversation(), "");
  await deliver(begin({ kind: "note", url: find("note-composer").action, fields, shown: words, mentioned: named }));
}

function giveBack({ conversation, fields, mentioned: named = [] }) {
  putAbove(conversation, fields.text, named);
  writeNote();
}

// What was not kept stands above what is being written; while another note is mended, it waits until that is done.
function putAbove(conversation, words, named) {
  const isOpen = conversation === openConversation();
  const written = isOpen && !editing ? find("note-text").value : recall("note", conversation);
  const all = [words, written].filter(Boolean).join("\n");
  remember("note", conversation, all);
  if (!isOpen) return remember("mentions", conversation, JSON.stringify([...(recallParts("mentions", conversation) ?? []), ...named]));
  keepMentioned([...mentioned, ...named]);
  if (!editing) find("note-text").value = all;
}

const namedIn = (words) => [...mentioned].filter(([, name]) => words.includes(`@${name}`));

function fill(words) {
  const text = find("note-text");
  text.value = words;
  text.focus();
}

// --- one's own note, mended -----------------------------------------------------------------------------------------

export function editNote({ dataset }) {
  writeNote();
  if (editing === dataset.editNote) return; // pressed twice
  editing = dataset.editNote;
  explainIn("note-composer", "");
  fill(dataset.words);
  keep(dataset.words);
  find("note-cancel").hidden = false;
}

function endEditing() {
  editing = null;
  find("note-cancel").hidden = true;
  explainIn("note-composer", "");
  remember("mended", openConversation(), "");
  fill(recall("note", openConversation()));
  keepMentioned(namedIn(find("note-text").value));
}

// When the answer comes, one may mend another note, the same one anew, or look at another conversation.
async function mend(fields, named) {
  const from = here();
  const url = editing;
  try {
    await send(url, fields);
  } catch (error) {
    return explainRefused(from, url, fields, named, error);
  }
  const now = mendedIn(from.conversation);
  const isDone = now?.url === url && now.words.trim() === fields.text;
  if (!from.isOpen()) return isDone && remember("mended", from.conversation, "");
  if (isDone) endEditing();
  await refreshThread().catch(() => {});
}

function explainRefused(from, url, fields, named, error) {
  const why = error.name === "TypeError" ? say("offline") : error.message || say("failed");
  const isThere = mendedIn(from.conversation)?.url === url;
  if (isThere && from.isOpen()) return explainIn("note-composer", why);
  if (!isThere) putAbove(from.conversation, fields.text, named);
  from.tell(why);
}

function mendedIn(conversation) {
  if (conversation !== openConversation()) return recallParts("mended", conversation);
  return editing && { url: editing, words: find("note-text").value };
}
