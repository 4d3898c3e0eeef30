// What cannot be undone is asked about where it is done: the first press puts the question on the button, the second
// answers it. A form says so with `data-sure`.
const ASKED_MS = 6000;
const TOO_SOON_MS = 500; // a double click has not read the question

document.addEventListener(
  "submit",
  (event) => {
    const { target } = event;
    if (!target.dataset?.sure || target.dataset.asked === "1") return;
    event.preventDefault();
    event.stopPropagation();
    if (!target.dataset.asked) ask(target);
  },
  true,
);

// Nor has Enter held down, after however long it is repeated.
document.addEventListener(
  "keydown",
  (event) => event.repeat && event.key === "Enter" && event.target.closest?.("[data-asked]") && event.preventDefault(),
  true,
);

function ask(form) {
  const button = form.querySelector("button:not([type=button])");
  const shown = [...button.childNodes];
  const label = button.ariaLabel;
  form.dataset.asked = "just now";
  setTimeout(() => form.dataset.asked && (form.dataset.asked = "1"), TOO_SOON_MS);
  button.textContent = form.dataset.sure;
  if (label) button.ariaLabel = form.dataset.sure;
  button.focus();
  setTimeout(() => {
    delete form.dataset.asked;
    button.replaceChildren(...shown);
    if (label) button.ariaLabel = label;
  }, ASKED_MS);
}
