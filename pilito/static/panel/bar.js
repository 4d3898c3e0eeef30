// The command bar: pages, zones, what can be done now, and customers, by any part of their name in either language.
import { isReady, listCommands, runCommand } from "./commands.js";
import { keycaps, readLayout } from "./keycaps.js";
import { scoreOf } from "./fuzzy.js";

const WAIT_MS = 150;
const MOST = 12;
const find = (id) => document.getElementById(id);
const bar = find("bar");
const text = find("bar-text");
const list = find("bar-list");
let options = []; // {title, detail, keys, run}
let chosen = 0;
let hasMoved = false; // to another than the first
let asked = 0;
let timer;

export async function openBar() {
  await readLayout();
  text.value = "";
  hasMoved = false;
  show(commands(""), []);
  bar.showModal();
  text.focus();
}

if (bar) {
  text.addEventListener("input", onInput);
  text.addEventListener("keydown", onKey);
  list.addEventListener("click", ({ target }) => {
    const option = target.closest('[role="option"]');
    if (option) choose(Number(option.dataset.place));
  });
  list.addEventListener("pointermove", ({ target }) => {
    const option = target.closest('[role="option"]');
    if (option) point(Number(option.dataset.place));
  });
  bar.addEventListener("click", ({ target }) => target === bar && bar.close());
}

function onInput() {
  const words = text.value.trim();
  const found = commands(words);
  hasMoved = false;
  show(found, []);
  clearTimeout(timer);
  if (words.length > 1) timer = setTimeout(() => askCustomers(words, found), WAIT_MS);
}

function onKey(event) {
  if (event.isComposing) return;
  const way = { ArrowDown: 1, ArrowUp: -1 }[event.code];
  if (way) (hasMoved = true), point((chosen + way + options.length) % Math.max(options.length, 1));
  else if (event.code === "Home" && event.ctrlKey) point(0);
  else if (["Enter", "NumpadEnter"].includes(event.code)) choose(chosen);
  else if (event.code === "KeyK" && (event.ctrlKey || event.metaKey)) bar.close();
  else return;
  event.preventDefault();
}

// --- what there is ---------------------------------------------------------------------------------------------------

function commands(words) {
  const ready = listCommands().filter((command) => command.name !== "bar" && isReady(command));
  const scored = ready.map((command) => ({ command, score: scoreOf(words, `${command.title} ${command.also}`) }));
  const found = scored.filter(({ score }) => score > 0);
  if (words) found.sort((one, other) => other.score - one.score);
  return (words ? found.slice(0, MOST) : found).map(({ command }) => ({
    ...command,
    run: () => runCommand(command),
  }));
}

async function askCustomers(words, found) {
  const number = ++asked;
  const answer = await fetch(`${bar.dataset.suggest}?q=${encodeURIComponent(words)}`, { cache: "no-store" }).catch(() => null);
  if (!answer?.ok || number !== asked || text.value.trim() !== words) return;
  const { customers } = await answer.json();
  show(found, customers);
}

const goTo = (href) => () => {
  const row = document.querySelector(`#list a[href="${CSS.escape(href)}"], #list a[href^="${CSS.escape(href)}?"]`);
  if (row) return row.click();
  // Where conversations are, main.js opens it, and what stands in the composer stays.
  const asked = new CustomEvent("pilito:open", { detail: href, cancelable: true });
  if (document.dispatchEvent(asked)) location.assign(href);
};

// --- what is shown ---------------------------------------------------------------------------------------------------

function show(found, customers) {
  const words = text.value.trim();
  const people = customers.map(({ name, detail, href }) => ({ title: name, detail, groupTitle: bar.dataset.customers, run: goTo(href) }));
  const everywhere = words && {
    title: bar.dataset.everywhere.replace("{words}", words),
    groupTitle: "",
    run: () => location.assign(`${bar.dataset.search}?q=${encodeURIComponent(words)}`),
  };
  const wasChosen = options[chosen]?.title;
  options = [...found, ...people, ...(everywhere ? [everywhere] : [])];
  list.replaceChildren(...options.flatMap((option, place) => lines(option, place, options[place - 1], words)));
  find("bar-nothing").hidden = options.length > 0;
  const same = options.findIndex(({ title }) => title === wasChosen);
  point(hasMoved && same > 0 ? same : 0);
}

// Without a question the groups have names; among what was found the best comes first, whatever its group.
function lines(option, place, before, words) {
  const item = document.createElement("li");
  item.id = `bar-${place}`;
  item.dataset.place = place;
  item.setAttribute("role", "option");
  item.append(part("bar-name", option.title));
  const detail = option.detail ?? (words ? option.groupTitle : "");
  if (detail) item.append(part("bar-detail", detail));
  if (option.keys?.length) item.append(keycaps(option.keys));
  if (words || option.groupTitle === before?.groupTitle) return [item];
  const head = Object.assign(document.createElement("li"), { textContent: option.groupTitle });
  head.setAttribute("role", "presentation");
  return [head, item];
}

function part(className, words) {
  const shown = Object.assign(document.createElement("span"), { className });
  shown.append(Object.assign(document.createElement("bdi"), { textContent: words }));
  return shown;
}

function point(place) {
  list.querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false");
  chosen = place;
  const item = find(`bar-${place}`);
  if (!item) return text.removeAttribute("aria-activedescendant");
  item.setAttribute("aria-selected", "true");
  item.scrollIntoView({ block: "nearest" });
  text.setAttribute("aria-activedescendant", item.id);
}

function choose(place) {
  const option = options[place];
  if (!option) return;
  bar.close();
  option.run();
}
