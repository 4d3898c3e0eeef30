// Several steps in a row become one line that opens: who reads a conversation wants the words, not the paperwork.
import { digits, say } from "./words.js";

const FROM = 3;
const opened = new Set(); // ids of first steps whose line is open
let observer;

export function startFolding() {
  const items = document.getElementById("items");
  observer?.disconnect();
  if (!items) return;
  observer = new MutationObserver(() => fold(items));
  fold(items);
}

function fold(items) {
  observer.disconnect();
  const lines = new Set();
  for (const run of runs(items)) {
    const isOpen = run.length < FROM || opened.has(run[0].id);
    run.forEach((step) => (step.hidden = !isOpen));
    if (run.length >= FROM) lines.add(put(lineOf(run, isOpen, items), run[0]));
  }
  items.querySelectorAll(":scope > .fold").forEach((line) => lines.has(line) || line.remove());
  observer.observe(items, { childList: true });
}

// Before the first step, unless the same stands there: a screen reader reads aloud whatever is added.
function put(line, first) {
  const shown = first.previousElementSibling;
  if (shown?.matches(".fold") && shown.dataset.key === line.dataset.key) return shown;
  first.before(line);
  return line;
}

function runs(items) {
  const found = [];
  let run = [];
  for (const item of items.children) {
    if (item.matches(".fold")) continue; // of the time before
    if (item.matches(".activity[data-folds]")) run.push(item);
    else if (run.length) (found.push(run), (run = []));
  }
  return run.length ? [...found, run] : found;
}

function lineOf(run, isOpen, items) {
  const line = document.createElement("li");
  const button = document.createElement("button");
  line.className = "fold";
  Object.assign(button, { type: "button", ariaExpanded: isOpen });
  const last = run.at(-1).querySelector("bdi").textContent;
  button.textContent = `${say("steps", { count: digits(run.length) })}${isOpen ? "" : ` · ${last}`}`;
  line.dataset.key = `${run[0].id} ${isOpen} ${button.textContent}`;
  button.addEventListener("click", () => {
    if (isOpen) opened.delete(run[0].id);
    else opened.add(run[0].id);
    fold(items);
    items.querySelector(`#${run[0].id}`)?.previousElementSibling?.querySelector("button")?.focus();
  });
  line.append(button);
  return line;
}
