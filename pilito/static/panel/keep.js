// What is being written stays in this browser, for this operator alone: a draft until it is sent, and what was sent
// until the server has said that it has it. forget.js says when it goes.
const mine = `pilito-${document.body.dataset.operator}-`;
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
export const remember = (kind, conversation, words) => put(`draft-${kind}-${conversation}`, words);

// --- what left the composer and has not arrived -------------------------------------------------------------------------

const readAll = () => read("unsent") ?? [];
const writeAll = (all) => put("unsent", all.length ? JSON.stringify(all) : "");

export const unsentOf = (conversation) => readAll().filter((one) => one.conversation === conversation);
export const keepUnsent = (one) => writeAll([...readAll().filter(({ clientId }) => clientId !== one.clientId), one]);
export const dropUnsent = (clientId) => writeAll(readAll().filter((one) => one.clientId !== clientId));
