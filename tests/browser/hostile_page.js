// In the page before anything of it: what the policy stops is told, and the page can be asked what lives in it and which
// words it shows. `SETTING` is put in front (tests/browser/test_hostile_words.py).
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile, lineNumber }) =>
  console.error(`Content Security Policy: ${violatedDirective} stopped ${blockedURI} (${sourceFile}:${lineNumber})`));

const { words, rooms, dead } = SETTING;
const MARK = /~([0-9a-z]{2})([0-9a-z]{3})~/g;
const LEADING = ["href", "src", "action", "formaction", "poster", "srcset", "data", "xlink:href"];
const plain = (text) => text.replace(/\s+/g, " ").trim();

// Every element, those in templates and shadows too.
function* all(root) {
  for (const node of root.querySelectorAll("*")) {
    yield node;
    if (node.content instanceof DocumentFragment) yield* all(node.content);
    if (node.shadowRoot) yield* all(node.shadowRoot);
  }
}

// What lives here that we never wrote (tags, handlers, addresses that run or load from elsewhere); and the words that
// stand here as they were written, each as 1000 times its column and its place among the words.
window.hostile = () => {
  const injected = [];
  const shown = new Set();
  read(document.documentElement.textContent, shown);
  for (const node of all(document)) {
    injected.push(...injectedBy(node));
    for (const { value } of node.attributes) read(value, shown);
    if (typeof node.value === "string") read(node.value, shown);
  }
  return [injected, [...shown]];
};

function injectedBy(node) {
  const tag = node.localName;
  const found = [];
  if (dead.includes(tag) && !(tag === "script" && isOurScript(node))) found.push(`<${tag}>`);
  for (const { name, value } of node.attributes) {
    if (name.startsWith("on") || name.startsWith("x-hit")) found.push(`<${tag} ${name}>`);
    if (name === "style" && value.includes("fixed")) found.push(`<${tag} ${name}>`);
    if (LEADING.includes(name) && !leadsNowhere(tag, name, value)) found.push(`<${tag} ${name}=${value}>`);
  }
  if (tag === "meta" && node.httpEquiv === "refresh" && /url/i.test(node.content)) found.push("<meta refresh>");
  return found;
}

function read(text, shown) {
  if (!text.includes("~")) return;
  for (const { 1: letters, 2: number, index } of text.matchAll(MARK)) {
    const place = parseInt(letters, 36);
    const row = parseInt(number, 36);
    const at = (row + Math.floor(row / words.length) + 7 * place) % words.length;
    const before = plain(text.slice(Math.max(0, index - 200), index));
    if (rooms[place] !== undefined && before.endsWith(plain(words[at].slice(0, rooms[place])))) shown.add(place * 1000 + at);
  }
}

// Of rq-dashboard too: its one inline script is signed, and its templates are text.
const isOurScript = (node) => String(node.src ?? "").startsWith(location.origin) || Boolean(node.nonce) || node.type === "text/template";

function leadsNowhere(tag, name, value) {
  let url;
  try {
    url = new URL(value, location.href); // not the document's base: a <base> would be an injection of its own
  } catch {
    return true;
  }
  if (tag === "a" && name === "href") return ["http:", "https:", "mailto:", "blob:"].includes(url.protocol);
  return url.origin === location.origin || url.protocol === "blob:";
}
