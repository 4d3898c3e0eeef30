// A reply taken back before it leaves: the server decides whether it still could, and the composer gets it again.
import { giveCard, giveFile } from "./attach.js";
import { bind } from "./commands.js";
import { fill, quote } from "./composer.js";
import { send } from "./http.js";
import { refreshThread } from "./thread.js";
import { say } from "./words.js";

const find = (id) => document.getElementById(id);
const newest = () => [...document.querySelectorAll(".retract-now")].at(-1);

bind("retract", () => newest().click(), () => Boolean(newest()));

document.addEventListener("submit", async (event) => {
  if (!event.target.matches("[data-retract]")) return;
  event.preventDefault();
  const form = event.target;
  form.querySelector("button").disabled = true;
  try {
    give(await (await send(form.action)).json());
  } catch (error) {
    explain(form, error.name === "TypeError" ? say("offline") : error.message || say("failed"));
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

function give({ text, draft, reply_to, quick_replies, file, card }) {
  const typed = find("composer-text").value;
  fill([text, typed].filter(Boolean).join("\n"), draft ?? "");
  const answered = reply_to && document.querySelector(`[data-reply-to="${CSS.escape(reply_to)}"]`);
  if (answered) quote(answered);
  if (quick_replies) {
    find("composer-quick").value = quick_replies;
    find("composer-quick").closest("details").open = true;
  }
  if (file) giveFile(file);
  if (card) giveCard(card);
}

function explain(form, words) {
  const note = document.createElement("p");
  note.className = "toast";
  note.textContent = words;
  find("toasts").append(note);
  setTimeout(() => note.remove(), 7000);
  form.querySelector("button").disabled = false;
}
