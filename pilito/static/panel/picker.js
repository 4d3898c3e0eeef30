// One listbox for everything that is picked while one writes: a sign opens it, arrows move in it, Enter or Tab takes.
// The text keeps the focus and its caret; what is chosen is told to screen readers by `aria-activedescendant`.
import { fetchFragment } from "./http.js";
import { say, digits } from "./words.js";

const PAUSE_MS = 120; // typing on, nothing is asked for
const LONGEST = 40;

// `signs`: { "/": { url, hasSpaces, onPick(option) } }. The box is the form's own `.picker`.
export function startPicker(text, signs) {
  const box = text.form.querySelector(".picker");
  const told = text.form.querySelector(".picker-told");
  const listId = `${text.id}-list`;
  let open = null; // { sign, at }: which sign stands where in the text
  let active = -1;
  let asked = 0; // the newest question; an older answer is thrown away
  let timer = 0;
  let isClosed = -1; // the place of a sign at which somebody pressed Escape

  text.setAttribute("aria-autocomplete", "list");
  text.setAttribute("aria-haspopup", "listbox");
  text.addEventListener("input", (event) => event.isComposing || look());
  text.addEventListener("compositionend", look);
  text.addEventListener("click", look);
  text.addEventListener("keydown", onKey);
  text.addEventListener("blur", () => setTimeout(() => document.activeElement !== text && close(), 150));
  box.addEventListener("pointerdown", (event) => event.target.closest("a") || event.preventDefault()); // the text keeps the focus
  box.addEventListener("click", ({ target }) => {
    const option = target.closest("[role=option]");
    if (option) take(option);
  });
  for (const button of text.form.querySelectorAll("[data-pick]")) {
    button.addEventListener("click", () => (text.focus(), put(button.dataset.pick)));
  }

  const options = () => [...box.querySelectorAll("[role=option]")];

  function look() {
    const found = signBefore(text, signs);
    if (!found) isClosed = -1; // the sign is gone: another at its place is a new one
    if (!found || found.at === isClosed) return close();
    open = found;
    clearTimeout(timer);
    timer = setTimeout(ask, box.hidden ? 0 : PAUSE_MS);
  }

  async function ask() {
    const { sign, words } = open ?? {};
    if (!sign) return;
    const number = (asked += 1);
    const fragment = await fetchFragment(`${signs[sign].url}?q=${encodeURIComponent(words)}`).catch(() => null);
    if (number !== asked || !open || !fragment) return;
    const found = fragment.querySelectorAll("[role=option]").length;
    // Words after the sign that are found nowhere are just words: the box leaves them alone.
    if (!found && /\s/.test(words)) return close();
    show(fragment, found);
  }

  function show(fragment, found) {
    const list = fragment.querySelector("[role=listbox]");
    box.replaceChildren(...fragment.childNodes);
    box.hidden = false;
    if (list) {
      list.id = listId;
      text.setAttribute("aria-controls", listId);
    }
    told.textContent = say("found", { count: digits(found) });
    move(found ? 0 : -1);
  }

  function close() {
    clearTimeout(timer);
    asked += 1;
    open = null;
    active = -1;
    if (box.hidden) return;
    box.hidden = true;
    box.replaceChildren();
    told.textContent = "";
    text.removeAttribute("aria-activedescendant");
    text.removeAttribute("aria-controls");
  }

  function move(to) {
    const all = options();
    active = all.length ? (to + all.length) % all.length : -1;
    all.forEach((option, index) => option.setAttribute("aria-selected", String(index === active)));
    if (active < 0) return text.removeAttribute("aria-activedescendant");
    all[active].id = `${listId}-${active}`;
    text.setAttribute("aria-activedescendant", all[active].id);
    all[active].scrollIntoView({ block: "nearest" });
  }

  function onKey(event) {
    // While an input method composes, its keys are its own.
    if (box.hidden || event.isComposing || event.keyCode === 229) return;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    if (event.key === "Escape") isClosed = open?.at ?? -1;
    const acts = {
      ArrowDown: () => move(active + 1),
      ArrowUp: () => move(active - 1),
      Enter: () => take(options()[active]),
      Tab: () => take(options()[active]),
      Escape: close,
    };
    if (!isPlain || !acts[event.key] || (active < 0 && event.key !== "Escape")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    acts[event.key]();
  }

  function take(option) {
    if (!open) return;
    const { sign, at } = open;
    const end = at + sign.length + open.words.length;
    close();
    replace(text, at, end, option.dataset.text);
    signs[sign].onPick?.(option, at);
  }

  // A press on a button is the sign typed: a finger, and a keyboard without the sign, need it.
  function put(sign) {
    const before = text.value.slice(0, text.selectionStart);
    isClosed = -1;
    replace(text, text.selectionStart, text.selectionEnd, /(^|\s)$/.test(before) ? sign : ` ${sign}`);
  }
}

// The sign that the caret stands behind, with the words between; null where there is none.
function signBefore(text, signs) {
  if (text.selectionStart !== text.selectionEnd) return null;
  const before = text.value.slice(0, text.selectionStart);
  const found = before.match(new RegExp(`(?:^|[\\s(«])([${Object.keys(signs).join("")}])([^\\n${Object.keys(signs).join("")}]{0,${LONGEST}})$`, "u"));
  if (!found) return null;
  const [, sign, words] = found;
  if (/^\s/.test(words) || (/\s/.test(words) && !signs[sign].hasSpaces)) return null;
  return { sign, words, at: before.length - sign.length - words.length };
}

// As if it had been typed, so that Ctrl+Z takes it back.
export function replace(text, from, to, words) {
  text.focus();
  text.setSelectionRange(from, to);
  if (!document.execCommand("insertText", false, words)) {
    text.setRangeText(words, from, to, "end");
    text.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}
