// What a column or a cell of a plot says, beside the pointer; with the arrow keys too. Without this file the browser's
// own tooltips and the tables say the same.

document.documentElement.classList.add("js");

const tip = document.createElement("div");
tip.className = "tip";
tip.setAttribute("role", "status");
tip.hidden = true;
document.body.append(tip);
let marked = null;

const GAP = 14;

function show(part) {
  if (part === marked) return;
  hide();
  marked = part;
  part.classList.add("is-here");
  tip.textContent = part.dataset.tip;
  tip.hidden = false;
  const place = part.getBoundingClientRect();
  const size = tip.getBoundingClientRect();
  const middle = place.left + place.width / 2;
  // Beside the column, on the side that has room; above the plot it would hide the number that it explains.
  const left = middle + GAP + size.width < innerWidth ? middle + GAP : middle - GAP - size.width;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${Math.max(8, Math.min(place.top, innerHeight - size.height - 8))}px`;
}

function hide() {
  marked?.classList.remove("is-here");
  marked = null;
  tip.hidden = true;
}

function step(plot, by) {
  const parts = [...plot.querySelectorAll("[data-tip]")];
  const at = parts.indexOf(marked);
  const next = at < 0 ? (by > 0 ? 0 : parts.length - 1) : Math.max(0, Math.min(parts.length - 1, at + by));
  show(parts[next]);
}

for (const plot of document.querySelectorAll("[data-plot]")) {
  // Ours is quicker and nicer than the browser's own.
  for (const title of plot.querySelectorAll(".column > title")) {
    title.parentNode.dataset.tip = title.textContent;
    title.remove();
  }
  for (const cell of plot.querySelectorAll("td[title]")) {
    cell.dataset.tip = cell.title;
    cell.removeAttribute("title");
  }
  plot.addEventListener("pointermove", (event) => {
    const part = event.target.closest("[data-tip]");
    if (part) show(part);
    else hide();
  });
  plot.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") hide();
  });
  plot.addEventListener("focusout", hide);
  plot.addEventListener("keydown", (event) => {
    const forward = getComputedStyle(plot).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    if (event.key === "Escape") hide();
    else if (event.key === "Home" || event.key === "End") step(plot, event.key === "Home" ? -Infinity : Infinity);
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") step(plot, event.key === forward ? 1 : -1);
    else return;
    event.preventDefault();
  });
}
addEventListener("scroll", hide, { passive: true });

for (const form of document.querySelectorAll("[data-sends-itself]")) {
  form.addEventListener("change", () => form.requestSubmit());
}
