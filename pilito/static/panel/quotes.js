// Prices of products that were put into a reply: remembered with it, and marked when the catalogue has another by now.
import { fetchFragment } from "./http.js";
import { recall, remember } from "./keep.js";
import { replace } from "./picker.js";
import { openConversation } from "./thread.js";
import { say } from "./words.js";

const find = (id) => document.getElementById(id);
let quotes = new Map(); // product -> { name, price }

export function startQuotes() {
  quotes = read(recall("quotes", openConversation()));
  checkQuotes();
}

export function addQuote({ dataset }) {
  if (!dataset.price) return;
  quotes.set(dataset.product, { name: dataset.name, price: dataset.price });
  keep();
}

// What the server holds the reply against; the composer forgets it.
export function takeQuotes(words) {
  const standing = [...quotes].filter(([, { price }]) => words.includes(price));
  quotes = new Map();
  keep();
  showChanges([]);
  return standing.length ? { quotes: JSON.stringify(standing.map(([id, { price }]) => [Number(id), price])) } : {};
}

// Of a reply that comes back into the composer, beside those of what is being written there.
export function giveQuotes(kept) {
  quotes = new Map([...read(kept), ...quotes]);
  keep();
  checkQuotes();
}

function read(kept) {
  try {
    return new Map(JSON.parse(kept || "[]").map(([id, told]) => [String(id), told.price ? told : { name: "", price: told }]));
  } catch {
    return new Map();
  }
}

const keep = () => remember("quotes", openConversation(), quotes.size ? JSON.stringify([...quotes]) : "");

export async function checkQuotes() {
  const text = find("composer-text");
  const place = find("composer-changes");
  if (!text || !place || !quotes.size) return;
  const { products } = find("composer").dataset;
  const fragment = await fetchFragment(`${products}?ids=${[...quotes.keys()].join(",")}`).catch(() => null);
  if (!fragment || place !== find("composer-changes")) return;
  const changes = [];
  for (const [id, { name, price }] of quotes) {
    const now = fragment.querySelector(`[data-product="${CSS.escape(id)}"]`);
    if (text.value.includes(price) && now?.dataset.price !== price) changes.push({ id, name: now?.dataset.name ?? name, price, now });
  }
  showChanges(changes);
}

function showChanges(changes) {
  const place = find("composer-changes");
  if (!place) return;
  place.replaceChildren(...changes.map(line));
  place.hidden = !changes.length;
}

function line({ id, name, price, now }) {
  const row = document.createElement("p");
  const words = document.createElement("span");
  words.textContent = now ? say("priceChanged", { name, price: now.dataset.price || "–" }) : say("productGone", { name });
  row.append(words);
  if (now?.dataset.price) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button is-small", textContent: say("newPrice") });
    button.addEventListener("click", () => takeNew(id, price, now.dataset));
    row.append(button);
  }
  return row;
}

function takeNew(id, old, { name, price }) {
  const text = find("composer-text");
  for (let at = text.value.indexOf(old); at >= 0; at = text.value.indexOf(old, at + price.length)) {
    replace(text, at, at + old.length, price);
  }
  quotes.set(id, { name, price });
  keep();
  checkQuotes();
}

document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && checkQuotes());
