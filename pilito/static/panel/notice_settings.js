// The page on which one chooses how to be told. A browser is asked only when the button is pressed.
import "./zone.js";
import { playSound, setWanted, showNotice, wantsNotices } from "./chime.js";

const find = (id) => document.getElementById(id);
const words = find("browser-notices").dataset;

function show() {
  const can = "Notification" in window && window.isSecureContext;
  const isRefused = can && Notification.permission === "denied";
  const isOn = can && wantsNotices();
  find("notice-state").textContent = !can ? words.cannot : isRefused ? words.refused : isOn ? words.on : words.off;
  find("notice-on").hidden = !can || isRefused || isOn;
  find("notice-off").hidden = !isOn;
}

find("notice-on").addEventListener("click", async () => {
  if ((await Notification.requestPermission()) === "granted") {
    setWanted(true);
    await navigator.serviceWorker?.register(words.worker).catch(() => {}); // phones show notes only through one
    showNotice(words.sample, { tag: "pilito-sample", url: location.href, isTried: true }).catch(() => {});
  }
  show();
});
find("notice-off").addEventListener("click", () => (setWanted(false), show()));
find("notice-try").hidden = !("AudioContext" in window);
find("notice-try").addEventListener("click", () => playSound({ isTried: true }));
show();
