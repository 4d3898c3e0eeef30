// Whoever works with keys goes on from where they were.
const STOPS = "a[href], button:not(:disabled), input:not([type=hidden]):not(:disabled), select, textarea, summary, [tabindex]";

// A dialog keeps the Tab key: after its last button comes its first, not the bar of the browser.
document.addEventListener("keydown", (event) => {
  const dialog = [...document.querySelectorAll("dialog[open]")].at(-1);
  if (event.key !== "Tab" || !dialog || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
  const stops = [...dialog.querySelectorAll(STOPS)].filter((one) => one.tabIndex >= 0 && one.getClientRects().length);
  const [edge, other] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
  if (!stops.length || (document.activeElement !== edge && dialog.contains(document.activeElement))) return;
  event.preventDefault();
  other.focus();
});

// After a deed: on what was pressed, where it is still there, else in the conversation; a focus elsewhere is left alone.
export function goOn(pressed) {
  const { activeElement } = document;
  if (activeElement !== document.body && activeElement?.isConnected && activeElement.getClientRects().length) return;
  const place = pressed?.isConnected && pressed.getClientRects().length ? pressed : document.getElementById("thread");
  place?.focus({ preventScroll: true });
}
