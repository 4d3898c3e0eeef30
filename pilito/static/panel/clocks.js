// What counts down: the wait of a share, and the time left to reply. Counted by the server's clock.
import { minutes, say, digits } from "./words.js";

let offset = 0; // server's time minus this browser's

export function setServerTime(milliseconds) {
  if (milliseconds) offset = milliseconds - Date.now();
}

export const serverNow = () => Date.now() + offset;

export function startClocks() {
  setServerTime(Number(document.body.dataset.now));
  tick();
  setInterval(tick, 1000);
}

export function tick() {
  const now = Date.now() + offset;
  document.querySelectorAll("[data-countdown]").forEach((element) => countDown(element, now));
  document.querySelectorAll("[data-closes]").forEach((element) => showHoursLeft(element, now));
}

function countDown(element, now) {
  const left = Date.parse(element.dataset.countdown) - now;
  element.querySelector(".countdown").textContent = minutes(left);
  const ring = element.querySelector(".ring-left");
  if (ring) ring.setAttribute("stroke-dashoffset", 100 * (1 - clamp(left / 1000 / Number(element.dataset.wait))));
  const words = element.querySelector(".wait-words");
  if (words) words.textContent = say(left > 0 ? "waiting" : "waitOver");
}

function showHoursLeft(element, now) {
  const left = Math.max(0, Math.floor((Date.parse(element.dataset.closes) - now) / 60000));
  const time = `${digits(Math.floor(left / 60))}:${digits(Math.floor((left % 60) / 10))}${digits(left % 10)}`;
  element.querySelector(".closes").textContent = say("hoursLeft", { time });
}

const clamp = (part) => Math.min(1, Math.max(0, part));
