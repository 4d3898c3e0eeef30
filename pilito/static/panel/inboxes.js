// The pages of the accounts: texts to copy, and what appears by itself: the test message, the answer of the playground.
import "./zone.js";

const LOOK_MS = 3000;

// --- copy ------------------------------------------------------------------------------------------------------------

for (const button of document.querySelectorAll(".copy")) {
  if (!navigator.clipboard) break; // without it (http) the text can still be marked by hand
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    const label = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => (button.textContent = label), 1500);
  });
}

// --- the test message ------------------------------------------------------------------------------------------------

const arrival = document.getElementById("arrival");

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(arrival.dataset.url, { headers: { "X-Fragment": "1" }, cache: "no-store" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.querySelector(".is-here")) return;
    arrival.replaceChildren(...page.body.childNodes);
    clearInterval(timer);
  } catch {
    // The line broke: the next look tries again.
  }
}

const timer = arrival ? setInterval(look, LOOK_MS) : 0;

// --- the playground --------------------------------------------------------------------------------------------------

const THINK_MS = 700;

// The answer takes the place of "is thinking"; what was typed elsewhere on the page, and where one has scrolled, stays.
async function lookForAnswer() {
  const trial = document.getElementById("trial");
  if (document.hidden) return;
  const answer = await fetch(trial.dataset.thinking, { headers: { "X-Fragment": "1" }, cache: "no-store" }).catch(() => null);
  if (answer?.status === 401) return location.reload(); // the log-in is over
  if (!answer?.ok) return; // the next look tries again
  const came = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("trial");
  if (!came || came.dataset.thinking) return;
  clearInterval(thinking);
  trial.replaceWith(came);
  came.focus({ preventScroll: true });
}

const thinking = document.querySelector("#trial[data-thinking]") ? setInterval(lookForAnswer, THINK_MS) : 0;
