// What cannot be undone is asked about where it is done: the first press puts the question on the button, the second
// answers it. A form says so with `data-sure`.
const ASKED_MS = 6000;

document.addEventListener(
  "submit",
  (event) => {
    const { target } = event;
    if (!target.dataset?.sure || target.dataset.asked) return;
    event.preventDefault();
    event.stopPropagation();
    ask(target);
  },
  true,
);

function ask(form) {
  const button = form.querySelector("button:not([type=button])");
  const shown = [...button.childNodes];
  const label = button.ariaLabel;
  form.dataset.asked = "1";
  button.textContent = form.dataset.sure;
  if (label) button.ariaLabel = form.dataset.sure;
  button.focus();
  setTimeout(() => {
    delete form.dataset.asked;
    button.replaceChildren(...shown);
    if (label) button.ariaLabel = label;
  }, ASKED_MS);
}
