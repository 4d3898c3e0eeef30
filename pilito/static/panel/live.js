// The live line. It only says that something changed; what, is fetched. So a lost word costs nothing: every return of
// the line, and of the page, fetches what was missed.
import { wantsNotices } from "./chime.js";
import { say } from "./words.js";

const GATHER_MS = 100; // changes within this time are one fetch
// A server that has just started hears its workers a moment after it lets browsers in: what was said in between is
// fetched by looking once more.
const SETTLE_MS = 1_500;
const WITHOUT_LINE_MS = 15_000;
const WITH_LINE_MS = 60_000; // also keeps the ages in the list true
const AGAIN_S = 5; // after a look that failed, twice as long after the next
const LONGEST_AGAIN_S = 60;

export function startLive({ onChange, onReturn }) {
  const line = window.io({ transports: ["websocket"], reconnectionDelayMax: 5000 });
  line.on("connect", () => {
    show("live");
    onReturn();
    setTimeout(onReturn, SETTLE_MS);
  });
  line.on("disconnect", () => show("reconnecting"));
  // Refused: the session may be over, and then the next fetch leads to the log-in.
  line.on("connect_error", () => (show("reconnecting"), onReturn()));
  line.on("changed", onChange);
  line.on("all_changed", onReturn);
  // Socket.IO leaves it at that when the server closed the line by itself.
  line.on("disconnect", (reason) => reason === "io server disconnect" && line.connect());

  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && onReturn());
  let last = Date.now();
  setInterval(() => {
    const pause = line.connected ? WITH_LINE_MS : WITHOUT_LINE_MS;
    if (!isAwaited() || Date.now() - last < pause) return;
    last = Date.now();
    onReturn();
  }, 1000);
  return line;
}

// Also in a tab behind others, for whom it is to call: what nobody answered in time changes by the clock alone.
const isAwaited = () => document.visibilityState === "visible" || document.getElementById("bell").dataset.sound === "1" || wantsNotices();

function show(state) {
  const pill = document.getElementById("line");
  pill.dataset.state = state;
  pill.lastElementChild.textContent = say(state);
  pill.title = say(state);
}

// Run `work` soon, once for many calls, never twice at a time; what is asked for meanwhile runs after it, and what failed
// is tried again.
export function gather(work) {
  let timer = null;
  let again = null;
  let failures = 0;
  let isRunning = false;
  let isAsked = false;

  async function run() {
    timer = null;
    if (isRunning) return (isAsked = true);
    isRunning = true;
    clearTimeout(again);
    try {
      await work();
      failures = 0;
    } catch (error) {
      console.warn("Could not refresh:", error.message);
      if (mayPass(error)) again = setTimeout(ask, pauseAfter(error, failures++));
    } finally {
      isRunning = false;
      if (isAsked) (isAsked = false), ask();
    }
  }
  const ask = () => (timer ??= setTimeout(run, GATHER_MS));
  return ask;
}

// No answer at all, a server in trouble, or too many questions; what is refused or gone stays so.
const mayPass = ({ status }) => !status || status >= 500 || status === 429;

function pauseAfter({ retryAfter }, failures) {
  return 1000 * (retryAfter || Math.min(LONGEST_AGAIN_S, AGAIN_S * 2 ** failures));
}
