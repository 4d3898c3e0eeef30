// A soft sound and notes of the system. Both only when they were asked for, and never in quiet hours.
const WANTED = `pilito-notices`; // of this browser, whoever uses it
const SOUND = `pilito-sounded`;
const ONE_TAB_MS = 2_000;

export function wantsNotices() {
  try {
    return "Notification" in window && Notification.permission === "granted" && localStorage.getItem(WANTED) === "on";
  } catch {
    return false;
  }
}

export function setWanted(isWanted) {
  if (isWanted) localStorage.setItem(WANTED, "on");
  else localStorage.removeItem(WANTED);
}

// By the person's own clock, which need not be this machine's.
export function isQuiet({ quietFrom, quietUntil, zone }, now = new Date()) {
  if (!quietFrom || !quietUntil) return false;
  const here = new Intl.DateTimeFormat("en-GB", { timeZone: zone || "UTC", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(now);
  return quietFrom < quietUntil ? quietFrom <= here && here < quietUntil : here >= quietFrom || here < quietUntil;
}

// Somebody who has the panel before them needs no note of the system.
export async function showNotice(words, { tag, url, isTried = false }) {
  const bell = document.getElementById("bell");
  if (!wantsNotices() || isQuiet(bell.dataset)) return;
  if (!isTried && document.visibilityState === "visible" && document.hasFocus()) return;
  const options = { tag, body: words, icon: new URL("icon-192.png", import.meta.url).href, data: { url }, silent: true };
  const worker = await navigator.serviceWorker?.getRegistration(new URL("./", import.meta.url).pathname);
  if (worker) return worker.showNotification("Pilito", options); // the only way on phones
  const note = new Notification("Pilito", options);
  note.addEventListener("click", () => (window.focus(), location.assign(url)));
}

// Two notes, made here: nothing to fetch. Of several tabs one sounds.
export function playSound({ isTried = false } = {}) {
  const last = Number(localStorage.getItem(SOUND) ?? 0);
  if (!isTried && Date.now() - last < ONE_TAB_MS) return;
  localStorage.setItem(SOUND, Date.now());
  const context = new AudioContext();
  [659.25, 880].forEach((pitch, number) => note(context, pitch, context.currentTime + number * 0.16));
  setTimeout(() => context.close(), 1_500);
  document.dispatchEvent(new CustomEvent("pilito:sounded"));
}

function note(context, pitch, at) {
  const [tone, loudness] = [context.createOscillator(), context.createGain()];
  tone.type = "sine";
  tone.frequency.value = pitch;
  loudness.gain.setValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(0.14, at + 0.02);
  loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.6);
  tone.connect(loudness).connect(context.destination);
  tone.start(at);
  tone.stop(at + 0.65);
}
