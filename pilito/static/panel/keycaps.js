// What stands on a key: the letter of the reader's own layout where the browser tells, else the Latin one.
export const isMac = /mac|iphone|ipad/i.test(navigator.userAgentData?.platform ?? navigator.platform ?? "");

const NAMES = { Slash: "/", Comma: ",", Period: ".", Enter: "⏎", Escape: "Esc", ArrowUp: "↑", ArrowDown: "↓", Mod: isMac ? "⌘" : "Ctrl", Shift: "⇧" };
let layout = null;

// Only some browsers tell, and only over HTTPS or on this machine; their own words are read once.
export async function readLayout() {
  try {
    layout ??= await navigator.keyboard?.getLayoutMap();
  } catch {
    layout = null; // in a frame it is refused
  }
}

// The keys of a command as an element, for the eye; `then` parts one press from the next.
export function keycaps(keys) {
  const shown = document.createElement("span");
  shown.className = "key";
  shown.dir = "ltr";
  for (const press of keys) {
    for (const part of labelsOf(press)) {
      const cap = document.createElement("kbd");
      cap.textContent = part;
      shown.append(cap);
    }
  }
  return shown;
}

function labelsOf(press) {
  if (press === "Shift+Slash") return ["?"];
  return press.split("+").map((part) => NAMES[part] ?? letterOf(part));
}

function letterOf(code) {
  const latin = code.replace(/^(Key|Digit)/, "");
  const own = layout?.get(code);
  return own ? own.toUpperCase() : latin;
}
