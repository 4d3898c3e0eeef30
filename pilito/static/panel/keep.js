// What is being written stays in this browser, for this operator alone: a draft until it is sent, and what was sent
// until the server has said that it has it. forget.js says when it goes.
const mine = `pilito-${document.body.dataset.operator}-`;
const OF_CONVERSATION = ["reply", "draft", "note", "quotes", "mentions", "mended"];
const gone = new Set(); // conversations
const find = (name) => {
  try {
    return localStorage.getItem(mine + name);
  } catch {
    return null; // a browser that keeps nothing: writing works all the same
  }
};

const read = (name) => {
  try {
    return JSON.parse(find(name));
  } catch {
    return null; // not as we keep it
  }
};

function put(name, value) {
  try {
    if (value) localStorage.setItem(mine + name, value);
    else localStorage.removeItem(mine + name);
  } catch {
    // full, or forbidden
  }
}

// kind: reply, note, or what stands beside one
export const recall = (kind, conversation) => find(`draft-${kind}-${conversation}`) ?? "";
// Of what is more than words; null where nothing is kept.
export const recallParts = (kind, conversation) => read(`draft-${kind}-${conversation}`);
export const remember = (kind, conversation, words) => put(`draft-${kind}-${conversation}`, gone.has(conversation) ? "" : words);

// --- what left the composer and has not arrived -------------------------------------------------------------------------

const readAll = () => read("unsent") ?? [];
const writeAll = (all) => put("unsent", all.length ? JSON.stringify(all) : "");

export const unsentOf = (conversation) => readAll().filter((one) => one.conversation === conversation);
export const keepUnsent = (one) =>
  gone.has(one.conversation) || writeAll([...readAll().filter(({ clientId }) => clientId !== one.clientId), one]);
export const dropUnsent = (clientId) => writeAll(readAll().filter((one) => one.clientId !== clientId));

// --- of a conversation that was erased nothing is kept, nor what comes back from its sending afterwards ------------------

document.addEventListener("conversation:gone", ({ detail }) => {
  gone.add(detail);
  for (const kind of OF_CONVERSATION) remember(kind, detail, "");
  writeAll(readAll().filter(({ conversation }) => conversation !== detail));
});
