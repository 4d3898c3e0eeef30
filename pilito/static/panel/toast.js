// A line at the foot of the page that says what happened, and may offer to take it back or to go where it happened.
import { say } from "./words.js";

const TOAST_MS = 7000;
const UNDO_MS = 10_000;

export function toast(words, action) {
  const note = document.createElement("p");
  note.className = "toast";
  note.textContent = words || say("failed");
  if (action) note.append(" ", action.href ? link(note, action) : button(note, action));
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), action ? UNDO_MS : TOAST_MS);
}

export function forgetToasts() {
  document.querySelectorAll(".toast").forEach((note) => setTimeout(() => note.remove(), TOAST_MS));
}

// main.js opens what it leads to.
function link(note, { label, href }) {
  const made = Object.assign(document.createElement("a"), { href, className: "toast-action", textContent: label });
  made.addEventListener("click", () => note.remove());
  return made;
}

function button(note, { label, run }) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "toast-action", textContent: label });
  made.addEventListener("click", () => (note.remove(), run()), { once: true });
  return made;
}
