// Small menus that lie over the page: a press beside them, or Escape, folds them, and the focus goes back to what
// opened them.
const OPEN = "details:is(.account, .mode, .more)[open]";
const open = () => document.querySelectorAll(OPEN);

document.addEventListener("click", ({ target }) => open().forEach((menu) => menu.contains(target) || (menu.open = false)));

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(OPEN);
  if (event.key !== "Escape" || event.defaultPrevented || !menu) return;
  event.preventDefault();
  menu.open = false;
  menu.querySelector("summary").focus();
});

// Tab leads out of a menu: what one does next must not lie beneath it.
document.addEventListener("focusin", ({ target }) => open().forEach((menu) => menu.contains(target) || (menu.open = false)));
