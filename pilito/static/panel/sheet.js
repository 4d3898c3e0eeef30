// The sheet of keys: every command that has one, by group.
import { listCommands } from "./commands.js";
import { keycaps, readLayout } from "./keycaps.js";

document.getElementById("sheet")?.addEventListener("click", ({ target, currentTarget }) => target === currentTarget && currentTarget.close()); // beside it

export async function openSheet() {
  await readLayout();
  const sheet = document.getElementById("sheet");
  document.getElementById("sheet-groups").replaceChildren(...groups());
  sheet.showModal();
}

function groups() {
  const byGroup = Map.groupBy
    ? Map.groupBy(listCommands().filter(({ keys }) => keys.length), ({ groupTitle }) => groupTitle)
    : grouped(listCommands().filter(({ keys }) => keys.length));
  return [...byGroup].map(([title, commands]) => {
    const section = document.createElement("section");
    const list = document.createElement("ul");
    section.append(Object.assign(document.createElement("h3"), { textContent: title }), list);
    list.append(...commands.map(line));
    return section;
  });
}

function grouped(commands) {
  const groups = new Map();
  for (const command of commands) groups.set(command.groupTitle, [...(groups.get(command.groupTitle) ?? []), command]);
  return groups;
}

function line({ title, keys }) {
  const item = document.createElement("li");
  item.append(Object.assign(document.createElement("span"), { textContent: title }), keycaps(keys));
  return item;
}
