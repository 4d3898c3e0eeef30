// Keys by their place on the keyboard (`event.code`), so that they are the same on Persian and Latin layouts.
import { listCommands, runCommand } from "./commands.js";

const SEQUENCE_MS = 1_000; // between two keys of one command
let typed = [];
let typedAt = 0;

export function startKeyboard() {
  document.addEventListener("keydown", onKey);
}

function onKey(event) {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (isWriting(event.target)) return;
  typed = Date.now() - typedAt < SEQUENCE_MS ? [...typed, event.code] : [event.code];
  typedAt = Date.now();
  const found = listCommands().find(({ keys }) => keys.length && keys.join(" ") === typed.join(" "));
  if (found && runCommand(found.name)) {
    event.preventDefault();
    typed = [];
  }
}

const isWriting = (target) => target.matches?.("input, textarea, select, [contenteditable]") || Boolean(target.closest?.("dialog[open]"));
