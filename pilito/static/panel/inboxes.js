// The pages of the accounts: texts to copy, and the test message that appears by itself.
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

// --- menus -----------------------------------------------------------------------------------------------------------

document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll(":is(.account, .more)[open]")) if (!menu.contains(target)) menu.open = false;
});
