// Keys by their place on the keyboard (`event.code`), so that they are the same on Persian and Latin layouts.
import { openBar } from "./bar.js";
import { bind, findCommand, listCommands, runCommand } from "./commands.js";
import { isMac } from "./keycaps.js";
import { openSheet } from "./sheet.js";

const SEQUENCE_MS = 1_500; // between two keys of one command
const MODIFIERS = /^(Shift|Control|Alt|Meta|OS|CapsLock)/;
const WRITTEN_IN = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
let typed = [];
let typedAt = 0;

export function startKeyboard() {
  bind("bar", openBar);
  bind("keys", openSheet);
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", ({ target }) => {
    const name = target.closest("[data-run]")?.dataset.run;
    if (name) runCommand(findCommand(name));
  });
}

function onKey(event) {
  if (event.defaultPrevented || isComposing(event) || MODIFIERS.test(event.code)) return;
  if (document.querySelector("dialog[open]")) return;
  const press = nameOf(event);
  if (!press) return;
  if (isWriting(event.target) && !press.startsWith("Mod+")) return event.code === "Escape" && leave(event);
  if (event.repeat && !["KeyJ", "KeyK"].includes(press)) return;
  typed = Date.now() - typedAt < SEQUENCE_MS ? [...typed, press] : [press];
  typedAt = Date.now();
  const command = find(typed) ?? find([press]);
  if (command && runCommand(command)) {
    event.preventDefault();
    typed = [];
  } else if (begins(typed)) event.preventDefault();
}

// What is being put together by a dead key or an input method is no command.
const isComposing = (event) => event.isComposing || event.keyCode === 229 || event.key === "Dead" || event.key === "Process";

// "Shift+Slash", "Mod+KeyK"; null for what belongs to the browser, the system or a third level of the layout.
function nameOf(event) {
  const isAltGraph = event.getModifierState?.("AltGraph");
  if (event.altKey || isAltGraph || !event.code) return null;
  const [mod, other] = isMac ? [event.metaKey, event.ctrlKey] : [event.ctrlKey, event.metaKey];
  if (other) return null;
  // A question mark is one wherever the layout has it.
  if (!mod && ["?", "؟"].includes(event.key)) return "Shift+Slash";
  return `${mod ? "Mod+" : ""}${event.shiftKey ? "Shift+" : ""}${event.code}`;
}

const find = (presses) => listCommands().find(({ keys }) => keys.length && keys.join(" ") === presses.join(" "));
const begins = (presses) => listCommands().some(({ keys }) => keys.length > presses.length && keys.join(" ").startsWith(`${presses.join(" ")} `));

const isWriting = (target) => Boolean(target.closest?.(WRITTEN_IN));

// Out of the field that one writes in, so that single keys count again; what is written stays.
function leave({ target }) {
  if (!target.closest("#thread, .room-body")) return;
  target.blur();
  document.getElementById("thread")?.focus({ preventScroll: true });
}
