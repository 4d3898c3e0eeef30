// The phone of the demo: sends what the customer does, and shows what the fake Instagram says about it.
// Everything shown is set as text (never as markup): captions, names and replies are data.

const POLL_MS = 700;
const SLOW_POLL_MS = 3000; // while the service is away
const QUESTION_AFTER_MS = 1500;
const LONG_PRESS_MS = 500;
const NEAR_THE_END_PX = 120;
const CUSTOMER_KEY = "pilito-demo-customer";
const SHARE_KINDS = new Set(["share", "ig_post", "ig_reel", "reel"]);
const SHAPE_TO_SEND = {
  ig_post: { kind: "ig_post" },
  ig_reel: { kind: "ig_reel" },
  reel: { kind: "reel" },
  twin: { kind: "share", variant: "twin" },
  bare: { kind: "share", variant: "bare" },
  permalink: { kind: "share", variant: "permalink" },
  link: { kind: "link" },
};

const page = document.body.dataset;
const words = JSON.parse(page.words);
const language = page.language;
const csrf = document.querySelector("meta[name=csrf-token]").content;
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const hour = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hour12: false });
const figures = new Intl.NumberFormat(language, { useGrouping: false });

const at = (id) => document.getElementById(id);
const posts = new Map([...document.querySelectorAll("#share .post")].map((button) => [button.dataset.post, button.dataset]));
const rows = new Map(); // message id -> its list item
const logRows = new Map(); // log id -> its list item

let customer = localStorage.getItem(CUSTOMER_KEY) || "";
let known = ""; // the version of what is shown
let aheadMs = 0; // the service's clock minus ours
let timer = 0;
let asking = false;

// Building

function make(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.classList.add("icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

function picture(name, alt) {
  const image = make("img");
  image.src = `${page.base}/media/${encodeURIComponent(name)}`;
  image.alt = alt;
  image.width = image.height = 220;
  return image;
}

function say(word, values = {}) {
  return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), words[word] || word);
}

// Talking to the service

async function call(path, data) {
  const options = data && {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
    body: JSON.stringify(data),
  };
  const answer = await fetch(`${page.base}/${path}`, options || { cache: "no-store" });
  const body = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(body.error?.message || ""), { away: answer.status === 502 });
  return body;
}

async function act(path, data) {
  try {
    const body = await call(path, data);
    await refresh();
    return body;
  } catch (error) {
    showBanner(error.message ? say("refused", { message: error.message }) : words.away);
    return null;
  }
}

function send(data) {
  const network = {
    delay_seconds: Number(document.querySelector("input[name=delay]:checked").value),
    hold: at("hold").checked,
    twice: at("twice").checked,
    standby: at("standby").checked,
  };
  return act("send", { customer, ...network, ...data });
}

// Asking for news

async function refresh() {
  clearTimeout(timer);
  if (asking) return schedule();
  asking = true;
  const asked = customer;
  try {
    const query = new URLSearchParams({ customer, known });
    const state = await call(`state?${query}`);
    if (asked === customer) show(state);
    // Somebody became another customer while the answer was on its way: it is not theirs.
    schedule(asked === customer ? POLL_MS : 0);
  } catch {
    showBanner(words.away);
    schedule(SLOW_POLL_MS);
  } finally {
    asking = false;
  }
}

function schedule(afterMs = POLL_MS) {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(refresh, afterMs);
}

function show(state) {
  aheadMs = state.now_ms - Date.now();
  showBanner("");
  if (state.unchanged) return showCountdowns();
  if (!state.customer) return enter(state.customers);
  known = String(state.version);
  showCustomers(state.customers, state.customer);
  showThread(state.messages);
  showHeld(state.held);
  showLog(state.log);
}

// Customers

function enter(customers) {
  if (customers.length) return become(customers[0].id);
  return act("customers", { language }).then((made) => made && become(made.customer.id));
}

function become(id) {
  customer = id;
  known = "";
  localStorage.setItem(CUSTOMER_KEY, id);
  at("messages").replaceChildren();
  at("log").replaceChildren();
  rows.clear();
  logRows.clear();
  refresh();
}

function showCustomers(customers, current) {
  const list = customers.some((each) => each.id === current.id) ? customers : [current, ...customers];
  const options = list.map((each) => {
    const option = make("option", "", each.name || each.username);
    option.value = each.id;
    option.selected = each.id === current.id;
    return option;
  });
  const select = at("customer");
  const shown = [...select.options].map((each) => `${each.value}${each.selected}${each.text}`).join();
  const wanted = options.map((each) => `${each.value}${each.selected}${each.text}`).join();
  if (shown !== wanted) select.replaceChildren(...options);
}

// The thread

function showThread(messages) {
  const thread = at("thread");
  const isNearTheEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < NEAR_THE_END_PX;
  const isFirst = rows.size === 0;
  let added = false;
  for (const message of messages) {
    const mark = JSON.stringify(message);
    const old = rows.get(message.mid);
    if (old?.dataset.mark === mark) continue;
    const row = messageRow(message, mark);
    if (!old && !isFirst) row.classList.add("arriving");
    old ? old.replaceWith(row) : at("messages").append(row);
    rows.set(message.mid, row);
    added ||= !old;
  }
  joinRuns();
  at("empty").hidden = messages.length > 0;
  showCountdowns();
  if (added && (isFirst || isNearTheEnd)) thread.scrollTop = thread.scrollHeight;
}

function joinRuns() {
  const items = [...at("messages").children];
  items.forEach((row, place) => row.classList.toggle("last", items[place + 1]?.dataset.from !== row.dataset.from));
}

function messageRow(message, mark) {
  const isOwn = message.from === "customer";
  const row = make("li", `row ${isOwn ? "own" : "theirs"}`);
  row.dataset.mark = mark;
  row.dataset.mid = message.mid;
  row.dataset.from = message.from;
  const line = make("div", "line");
  line.append(message.unsent ? make("div", "bubble gone", words.unsent) : content(message));
  if (!message.unsent) line.append(moreButton(row, message));
  row.append(line);
  if (message.emoji && !message.unsent) row.append(emojiButton(message));
  row.append(footer(message, isOwn));
  return row;
}

function content(message) {
  if (SHARE_KINDS.has(message.kind)) return shareCard(message);
  if (message.kind === "voice") return voiceNote();
  if (message.kind === "like_heart") return likeHeart();
  if (message.kind === "unsupported") return make("div", "bubble gone", words.unsupported);
  if (message.media) return photo(message);
  if (message.sent_file && message.kind === "image") return sentPicture(message);
  return wordsOf(message);
}

function wordsOf(message) {
  const label = words[`kind_${message.kind}`] || message.kind;
  const bubble = make("div", "bubble");
  if (message.kind !== "text") bubble.append(make("p", "tag", label));
  const said = make("div", "", message.text || (message.kind === "text" ? "" : "…"));
  said.dir = "auto";
  bubble.append(said);
  return bubble;
}

function emojiButton(message) {
  const button = make("button", "marked", message.emoji);
  button.type = "button";
  button.title = words.unreact;
  button.setAttribute("aria-label", `${words.unreact}: ${message.emoji}`);
  button.addEventListener("click", () => act("event", { customer, kind: "unreact", mid: message.mid }));
  return button;
}

function shareCard(message) {
  const post = posts.get(message.post_id);
  const card = make("div", "card");
  const head = make("div", "card-head");
  const avatar = picture("shop.svg", "");
  avatar.width = avatar.height = 24;
  head.append(avatar, make("span", "", words.shop));
  card.append(head, picture(`${message.post_id}.svg`, post?.alt || ""));
  if (post?.reel === "yes") {
    const badge = make("span", "reel-mark");
    badge.append(icon("reel"));
    card.append(badge);
  }
  if (post?.caption) {
    const caption = make("p", "caption", post.caption);
    caption.dir = "auto";
    card.append(caption);
  }
  return card;
}

function voiceNote() {
  const bubble = make("div", "bubble voice");
  const wave = make("span", "wave");
  for (let bar = 0; bar < 22; bar += 1) wave.append(make("i", `h${(bar * 7) % 5}`));
  bubble.append(icon("mic"), wave, make("span", "", words.voice_note));
  return bubble;
}

function likeHeart() {
  const heart = make("div", "heart");
  heart.append(icon("heart"), make("span", "unseen", words.kind_like_heart));
  return heart;
}

function photo(message) {
  const frame = make("div", "photo");
  frame.append(picture(message.media, words[`kind_${message.kind}`] || message.kind));
  if (message.kind === "story_mention") frame.append(make("p", "caption", words.story_mention));
  else if (!["image", "video"].includes(message.kind)) {
    const caption = make("p", "caption", [words[`kind_${message.kind}`], message.text].filter(Boolean).join("\n"));
    caption.dir = "auto";
    frame.append(caption);
  }
  return frame;
}

// The address of a file ends after an hour; then only its kind is told.
function sentPicture(message) {
  const frame = make("div", "photo");
  const image = make("img");
  image.src = message.sent_file;
  image.alt = words.kind_image;
  image.width = image.height = 220;
  image.addEventListener("error", () => frame.replaceWith(wordsOf(message)));
  frame.append(image);
  return frame;
}

function footer(message, isOwn) {
  const foot = make("p", "foot");
  foot.append(make("time", "", hour.format(message.timestamp_ms)));
  if (message.edited && !message.unsent) foot.append(make("span", "", words.edited));
  if (!isOwn || !message.delivery.length) return foot;
  const worst = message.delivery.find((each) => each.state !== "delivered") || message.delivery[0];
  const status = make("span", `status ${worst.state}`);
  status.append(icon({ delivered: "check", held: "pause", failed: "alert", waiting: "clock" }[worst.state]));
  const text = make("span", "", words[`state_${worst.state}`]);
  if (worst.state === "waiting" && worst.attempts) text.textContent = words.state_retry;
  else if (worst.state === "waiting") text.dataset.dueMs = worst.due_ms;
  status.append(text);
  foot.append(status);
  if (message.delivery.length > 1) foot.append(make("span", "twice", words.times_two));
  return foot;
}

function showCountdowns() {
  for (const node of document.querySelectorAll("[data-due-ms]")) {
    const seconds = Math.ceil((node.dataset.dueMs - Date.now() - aheadMs) / 1000);
    node.textContent = seconds > 0 ? say("state_due", { seconds: figures.format(seconds) }) : words.state_waiting;
  }
}

// Taking a message back

function moreButton(row, message) {
  const button = make("button", "round more");
  button.type = "button";
  button.title = words.more;
  button.setAttribute("aria-label", words.more);
  button.setAttribute("aria-expanded", "false");
  button.append(icon("more"));
  button.addEventListener("click", () => toggleMenu(row, button, message));
  return button;
}

function toggleMenu(row, button, message) {
  const wasOpen = Boolean(row.querySelector(".menus"));
  closeMenus();
  if (wasOpen) return;
  const { mid } = message;
  const menus = make("div", "menus");
  menus.append(
    menuButton("❤️", words.react, () => act("event", { customer, kind: "react", mid, emoji: "❤️" })),
    menuButton("😂", words.react, () => act("event", { customer, kind: "react", mid, emoji: "😂" })),
    menuButton(words.answer, "", () => send({ kind: "text", text: at("text").value.trim() || words.question, reply_to: mid })),
  );
  if (message.from === "customer") {
    if (message.text) menus.append(menuButton(words.edit, "", () => editMessage(message)));
    const unsend = menuButton(words.unsend, "", () => act("unsend", { customer, mid }));
    unsend.classList.remove("is-plain");
    unsend.prepend(icon("undo"));
    menus.append(unsend);
  }
  button.setAttribute("aria-expanded", "true");
  row.firstChild.after(menus);
  menus.firstChild.focus();
  menus.scrollIntoView({ block: "nearest" });
}

function menuButton(text, label, act) {
  const button = make("button", "menu is-plain", text);
  button.type = "button";
  if (label) button.setAttribute("aria-label", `${label} ${text}`);
  button.addEventListener("click", () => {
    closeMenus();
    act();
  });
  return button;
}

function editMessage(message) {
  const text = window.prompt(words.edit, message.text)?.trim();
  if (text && text !== message.text) act("event", { customer, kind: "edit", mid: message.mid, text });
}

function closeMenus() {
  document.querySelectorAll(".menus").forEach((menu) => menu.remove());
  document.querySelectorAll(".more[aria-expanded=true]").forEach((more) => more.setAttribute("aria-expanded", "false"));
}

function watchLongPress(list) {
  let press = 0;
  const stop = () => clearTimeout(press);
  list.addEventListener("pointerdown", (event) => {
    const row = event.target.closest(".row");
    if (!row || event.target.closest("button")) return;
    stop();
    press = setTimeout(() => row.querySelector(".more")?.click(), LONG_PRESS_MS);
  });
  for (const name of ["pointerup", "pointercancel", "pointermove", "scroll"]) list.addEventListener(name, stop);
}

// Network, log, banner

function showHeld(count) {
  at("held").textContent = count ? say("some_held", { count: figures.format(count) }) : words.none_held;
  document.querySelectorAll("[data-release]").forEach((button) => (button.disabled = count === 0));
}

function showRough() {
  const delay = document.querySelector("input[name=delay]:checked");
  const parts = [];
  if (delay.value !== "0") parts.push(`${words.late} ${delay.nextElementSibling.textContent}`);
  if (at("twice").checked) parts.push(words.twice);
  if (at("hold").checked) parts.push(words.hold);
  if (at("standby").checked) parts.push(words.standby);
  at("rough").textContent = parts.length ? `${words.network_on} ${parts.join(" · ")}` : "";
  at("rough").hidden = parts.length === 0;
}

function showLog(entries) {
  for (const entry of entries) {
    if (logRows.has(entry.id)) continue;
    const row = logRow(entry);
    logRows.set(entry.id, row);
    at("log").prepend(row); // newest on top
  }
  at("log-empty").hidden = logRows.size > 0;
}

function logRow(entry) {
  const { detail } = entry;
  const [name, look, mark] = logLook(entry);
  const row = make("li", `entry ${look}`);
  const badge = make("span", "entry-icon");
  badge.append(icon(mark));
  const text = make("div", "entry-text");
  text.append(make("strong", "", words[`log_${name}`] || entry.kind));
  const more = logDetail(entry);
  if (more) {
    const line = make("span", "", more);
    line.dir = "auto";
    text.append(line);
  }
  const facts = make("div", "entry-facts");
  const status = logStatus(entry);
  if (status) {
    const outcome = make("div");
    outcome.dir = "ltr";
    if (detail.milliseconds !== undefined) outcome.append(make("span", "", `${detail.milliseconds} ms`));
    outcome.append(make("code", "", status));
    facts.append(outcome);
  }
  facts.append(make("time", "", clock.format(entry.at_ms)));
  row.append(badge, text, facts);
  return row;
}

function logLook({ kind, detail }) {
  if (kind === "webhook_posted") {
    return [`webhook_${detail.event}`, detail.state === "delivered" ? "good" : "bad", "up"];
  }
  if (kind === "signal") return [detail.action, "", "events"];
  const looks = { customer_made: ["", "person"], customer_sent: ["", "person"], unsend: ["", "undo"],
    reaction: ["", "person"], edit: ["", "person"], seen: ["", "person"], referral: ["", "person"],
    send_accepted: ["reply", "down"], send_refused: ["bad", "alert"], fault: ["bad", "alert"] };
  const [look, mark] = looks[kind] || ["", "events"];
  return [kind, look, mark];
}

function logDetail({ kind, detail }) {
  if (kind === "customer_sent") return words[`kind_${detail.kind}`] || detail.kind;
  if (kind === "customer_made") return detail.username;
  if (kind === "send_accepted") return detail.text;
  if (kind === "fault") return Object.keys(detail).join(", ");
  if (kind === "webhook_posted" && detail.attempt > 1) return say("log_attempt", { count: figures.format(detail.attempt) });
  return "";
}

function logStatus({ kind, detail }) {
  if (kind === "webhook_posted") return detail.status ? String(detail.status) : words.log_no_answer;
  if (kind === "send_accepted") return "200";
  if (kind === "send_refused") return detail.subcode ? `${detail.code}/${detail.subcode}` : String(detail.code || detail.status);
  return "";
}

function showBanner(text) {
  at("banner").textContent = text;
  at("banner").hidden = !text;
}

// Sheets: the posts, and on narrow screens the guide and the log

function openShare(isOpen) {
  at("share").hidden = !isOpen;
  at("open-share").setAttribute("aria-expanded", String(isOpen));
  if (isOpen) document.querySelector("#share .post").focus();
  else at("open-share").focus();
}

function openMore(isOpen) {
  at("more").hidden = !isOpen;
  at("open-more").setAttribute("aria-expanded", String(isOpen));
  if (isOpen) document.querySelector("#more .kind").focus();
  else at("open-more").focus();
}

function openSide(name) {
  for (const side of document.querySelectorAll(".side")) side.classList.toggle("open", side.id === name);
  for (const button of document.querySelectorAll("[data-open]")) {
    button.setAttribute("aria-expanded", String(button.dataset.open === name));
  }
  if (name) at(name).focus();
}

// What stands under a post is in no conversation: the panel's page of comments shows it.
async function comment(postId) {
  const done = await act("comments", { customer, post_id: postId, text: at("share-text").value.trim() || words.question });
  at("commented").hidden = !done;
  at("commented").textContent = done ? words.commented : "";
  at("share-text").value = "";
}

function share(postId) {
  if (at("as-comment").checked && !at("share").hidden) return comment(postId);
  const shape = document.querySelector("input[name=shape]:checked").value;
  const automatic = { kind: posts.get(postId).reel === "yes" ? "ig_reel" : "ig_post" };
  send({ ...(SHAPE_TO_SEND[shape] || automatic), post_id: postId, text: at("share-text").value });
  at("share-text").value = "";
  openShare(false);
}

const scenarios = {
  wait: () => send({ kind: "ig_reel", post_id: page.waitPost }),
  hello: () => send({ kind: "text", text: words.hello }),
  async ask() {
    const kind = posts.get(page.askPost).reel === "yes" ? "ig_reel" : "ig_post";
    await send({ kind, post_id: page.askPost });
    await new Promise((done) => setTimeout(done, QUESTION_AFTER_MS));
    await send({ kind: "text", text: words.question });
  },
};

// Wiring

at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("text").value.trim();
  if (!text) return;
  at("text").value = "";
  showTyping();
  send({ kind: "text", text });
});

function showTyping() {
  at("composer").classList.toggle("typing", at("text").value.trim() !== "");
}

at("text").addEventListener("input", showTyping);
at("customer").addEventListener("change", (event) => become(event.target.value));
at("new-customer").addEventListener("click", async () => {
  const made = await act("customers", { language });
  if (made) become(made.customer.id);
});
at("reset").addEventListener("click", () => {
  if (window.confirm(words.reset_sure)) act("reset", {}).then((done) => done && become(""));
});
at("open-share").addEventListener("click", () => openShare(at("share").hidden));
at("close-share").addEventListener("click", () => openShare(false));
for (const button of document.querySelectorAll(".post")) button.addEventListener("click", () => share(button.dataset.post));
for (const button of document.querySelectorAll("[data-send]")) {
  button.addEventListener("click", () => send({ kind: button.dataset.send }));
}
at("open-more").addEventListener("click", () => openMore(at("more").hidden));
at("close-more").addEventListener("click", () => openMore(false));
for (const button of document.querySelectorAll("[data-more]")) {
  button.addEventListener("click", () => {
    send({ kind: button.dataset.more });
    openMore(false);
  });
}
for (const button of document.querySelectorAll("[data-event]")) {
  button.addEventListener("click", () => {
    act("event", { customer, kind: button.dataset.event });
    openMore(false);
  });
}
for (const button of document.querySelectorAll("[data-release]")) {
  button.addEventListener("click", () => act("release", { customer, order: button.dataset.release }));
}
for (const button of document.querySelectorAll("[data-open]")) {
  button.addEventListener("click", () => openSide(at(button.dataset.open).classList.contains("open") ? "" : button.dataset.open));
}
for (const button of document.querySelectorAll(".side-close")) button.addEventListener("click", () => openSide(""));
for (const button of document.querySelectorAll("[data-scenario]")) {
  button.addEventListener("click", () => {
    openSide("");
    scenarios[button.dataset.scenario]();
  });
}
for (const input of document.querySelectorAll(".network input, #standby")) input.addEventListener("change", showRough);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  closeMenus();
  if (!at("share").hidden) openShare(false);
  if (!at("more").hidden) openMore(false);
  openSide("");
});
document.addEventListener("click", (event) => {
  if (!event.target.closest(".more, .menus")) closeMenus();
});
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : refresh()));
watchLongPress(at("messages"));
showTyping();
showRough();
refresh();
