// What people do with conversations beside answering them: one form for one or many, told honestly, taken back by a click.
import { anyChosen, clearChosen, startChoosing, targets, toggleFocused } from "./chosen.js";
import { bind } from "./commands.js";
import { goOn } from "./focus.js";
import { here } from "./here.js";
import { ask, LONG_MS, NO_ANSWER, Refusal } from "./http.js";
import { refreshList } from "./list.js";
import { closeMenu, openMenu, startMenus } from "./menus.js";
import { openConversation, refreshThread } from "./thread.js";
import { toast } from "./toast.js";
import { say } from "./words.js";

let leave; // shows the list alone

export function startDesk(showListOnly) {
  leave = showListOnly;
  startChoosing();
  startMenus();
  document.addEventListener("submit", onSubmit);
  document.addEventListener("click", ({ target }) => {
    const opener = target.closest("[data-menu]");
    if (opener && opener.dataset.menu !== "filter") openMenu(opener.dataset.menu, targets());
  });
}

function onSubmit(event) {
  if (!event.target.matches("[data-desk]")) return;
  event.preventDefault();
  const fields = new URLSearchParams(new FormData(event.target, event.submitter));
  if (event.submitter?.dataset.do) fields.set("do", event.submitter.dataset.do);
  if (event.target.id === "desk-form") (fields.delete("row"), targets().forEach((row) => fields.append("row", row)));
  act(event.target.action, fields);
}

const A_FEW = 10;

async function act(url, fields) {
  closeMenu();
  const from = here();
  const isOpen = fields.getAll("row").some((row) => row.split(":")[0] === from.conversation);
  const isUnread = fields.get("do") === "unread" && isOpen;
  if (isUnread) document.getElementById("thread").dataset.staysUnread = "1"; // the live line may be quicker than the answer
  try {
    const { message, undo } = await ask(url, fields, [...fields].length > A_FEW ? LONG_MS : undefined);
    toast(message, undo?.length ? { label: say("undo"), run: () => takeBack(undo) } : undefined);
    clearChosen();
    // What one has just called unread is not looked at any more.
    if (isUnread && from.isOpen()) leave();
  } catch (error) {
    // Nothing was done: what is chosen stays chosen, for the next try. Where nobody knows, the list tells.
    if (error.reason === NO_ANSWER) clearChosen();
    if (isUnread && from.isOpen()) delete document.getElementById("thread").dataset.staysUnread;
    toast(error instanceof Refusal ? error.message : say("offline"));
  }
  await Promise.all([refreshThread(), refreshList()]).catch(() => {});
  goOn();
}

function takeBack(ids) {
  act(document.getElementById("words").dataset.undoUrl, new URLSearchParams(ids.map((id) => ["undo", id])));
}

function deed(name) {
  const url = document.getElementById("desk-form").action;
  act(url, new URLSearchParams([["do", name], ...targets().map((row) => ["row", row])]));
}

// --- by keyboard and by name -----------------------------------------------------------------------------------------

const isReady = () => Boolean(document.getElementById("desk-form")) && targets().length > 0;
const head = () => document.querySelector('[data-verb="close"] button');

bind("close", () => deed("close"), () => isReady() && (anyChosen() || !openConversation() || Boolean(head())));
bind("snooze", () => openMenu("snooze", targets()), isReady);
bind("label", () => openMenu("label", targets()), isReady);
bind("assign", () => openMenu("assign", targets()), isReady);
bind("unread", () => deed("unread"), isReady);
bind("select", toggleFocused, () => Boolean(document.querySelector("#rows .row-choose")));
