// Whoever works with keys goes on from where they were.
const STOPS = "a[href], button:not(:disabled), input:not([type=hidden]):not(:disabled), select, textarea, summary, [tabindex]";

// A dialog keeps the Tab key: after its last button comes its first, not the bar of the browser. So does a pane that
// lies over others (`data-keeps`); where something is seen beside it ("inside"), only while the focus is in it.
document.addEventListener("keydown", (event) => {
  const keeper = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.querySelector("[data-keeps]");
  if (event.key !== "Tab" || !keeper || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
  const stops = [...keeper.querySelectorAll(STOPS)].filter((one) => one.tabIndex >= 0 && one.getClientRects().length);
  const [edge, other] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
  const { activeElement } = document;
  const isOut = !keeper.contains(activeElement);
  const isAtEdge = activeElement === edge || (event.shiftKey && activeElement === keeper);
  if (!stops.length || (isOut ? keeper.dataset.keeps === "inside" : !isAtEdge)) return;
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
