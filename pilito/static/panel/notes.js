// Notes for the team: written beside the reply, in a form that knows no way to the customer.
import { bind } from "./commands.js";
import { send } from "./http.js";
import { recall, remember } from "./keep.js";
import { begin, deliver, mendsBy } from "./outgoing.js";
import { startEmoji } from "./emoji.js";
import { here } from "./here.js";
import { startPicker } from "./picker.js";
import { openConversation, refreshThread } from "./thread.js";
import { explainIn } from "./composer.js";
import { say } from "./words.js";

const find = (id) => document.getElementById(id);
const mentioned = new Map(); // id -> name, as it was picked
let editing = null; // the address of the note that is mended

export function startNotes() {
  const text = find("note-text");
  if (!text) return;
  mentioned.clear();
  editing = null;
  text.value = recall("note", openConversation());
  if (text.value && !find("composer-text").value) find("write-note").checked = true;
  startPicker(text, { "@": { url: find("note-composer").dataset.people, hasSpaces: true, onPick: mention } });
  startEmoji(text);
  text.addEventListener("input", () => editing || remember("note", openConversation(), text.value));
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) find("note-composer").requestSubmit();
    if (event.key === "Escape" && editing && !event.defaultPrevented) endEditing();
  });
  find("note-composer").addEventListener("submit", (event) => (event.preventDefault(), submit(text)));
  find("note-cancel").addEventListener("click", endEditing);
}

const mayWrite = () => Boolean(find("write-note"));

bind("note", writeNote, mayWrite);
bind("reply", writeReply, () => mayWrite() && !find("composer").hidden);
mendsBy("note", giveBack);

const mention = ({ dataset }) => mentioned.set(dataset.person, dataset.name);

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
  if (!words) return;
  const fields = { text: words, mentions: stillMentioned(words) };
  if (editing) return mend(fields);
  const named = [...mentioned];
  fill("");
  mentioned.clear();
  remember("note", openConversation(), "");
  await deliver(begin({ kind: "note", url: find("note-composer").action, fields, shown: words, mentioned: named }));
}

// What was not kept stands above what is being written; while another note is mended, it waits until that is done.
function giveBack({ fields, mentioned: named = [] }) {
  for (const [id, name] of named) mentioned.set(id, name);
  const written = editing ? recall("note", openConversation()) : find("note-text").value;
  const words = [fields.text, written].filter(Boolean).join("\n");
  remember("note", openConversation(), words);
  writeNote();
  if (!editing) fill(words);
}

const stillMentioned = (words) => [...mentioned].filter(([, name]) => words.includes(`@${name}`)).map(([id]) => id).join(",");

function fill(words) {
  const text = find("note-text");
  text.value = words;
  text.focus();
}

// --- one's own note, mended -----------------------------------------------------------------------------------------

export function editNote({ dataset }) {
  writeNote();
  editing = dataset.editNote;
  fill(dataset.words);
  find("note-cancel").hidden = false;
}

function endEditing() {
  editing = null;
  find("note-cancel").hidden = true;
  fill(recall("note", openConversation()));
}

async function mend(fields) {
  const from = here();
  try {
    await send(editing, fields);
  } catch (error) {
    const words = error.name === "TypeError" ? say("offline") : error.message || say("failed");
    return from.isOpen() ? explainIn("note-composer", words) : from.tell(words);
  }
  if (!from.isOpen()) return;
  explainIn("note-composer", "");
  endEditing();
  await refreshThread().catch(() => {});
}
