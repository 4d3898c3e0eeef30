// The list is one stop of the Tab key: within it J and K, or the arrows, go from row to row. So the conversation is one
// step away, however long the list is.
const pane = document.querySelector(".list-pane");

export const rows = () => [...document.querySelectorAll("#list .row")];

// The stop is the row in focus, else the open one, else the first; its box is reached from it.
export function setStops() {
  const all = rows();
  const inFocus = document.activeElement?.closest?.("#list li");
  const stop = all.find((row) => row.parentElement === inFocus) ?? all.find((row) => row.hasAttribute("aria-current")) ?? all[0];
  for (const row of all) {
    const box = row.parentElement.querySelector(".row-choose input");
    for (const one of [row, box]) if (one) one.tabIndex = row === stop ? 0 : -1;
  }
}

export function startStops() {
  if (!pane) return;
  new MutationObserver(setStops).observe(pane, { childList: true, subtree: true });
  pane.addEventListener("focusin", ({ target }) => target.closest("#list li") && setStops());
  setStops();
}
