// What a browser keeps of a person's words goes when they log out, and before another person sees a page in it: also
// where the first one never logged out, because the session ended by itself.
const KEPT = /^(?:pilito|recent)-(\d+)(?:-|$)/; // drafts and what was searched for, each with its person's number

const me = document.body.dataset.operator;
const LAST = "pilito-operator"; // whose page this browser showed last
forget((owner) => owner !== me);
try {
  localStorage.setItem(LAST, me);
} catch {
  // then the server's first answer says whose page it is
}

// A tab that slept while another person came sees it as it wakes, before they can write in it: on a bad line the first
// answer comes much later.
addEventListener("storage", ({ key }) => key === LAST && becomeTheirs());
document.addEventListener("visibilitychange", becomeTheirs);

function becomeTheirs() {
  try {
    const last = localStorage.getItem(LAST);
    if (last && last !== me) location.reload();
  } catch {
    // as above
  }
}

document.addEventListener("submit", ({ target }) => {
  if (target.matches?.("[data-log-out]")) forget(() => true);
});

function forget(isMeant) {
  try {
    for (const key of Object.keys(localStorage)) {
      const owner = KEPT.exec(key)?.[1];
      if (owner !== undefined && isMeant(owner)) localStorage.removeItem(key);
    }
  } catch {
    // a browser that keeps nothing has nothing to forget
  }
}
