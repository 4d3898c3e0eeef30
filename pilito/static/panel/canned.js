// The page of canned replies: places are put in by a press, and the text is shown as a customer would read it.
import "./zone.js";
import { placesIn } from "./places.js";

const samples = JSON.parse(document.getElementById("samples").dataset.samples);

for (const form of document.querySelectorAll(".canned-form")) {
  const text = form.elements.text;
  text.addEventListener("input", () => preview(form, text.value));
  preview(form, text.value);
  for (const button of form.querySelectorAll("[data-place]")) {
    button.addEventListener("click", () => {
      text.setRangeText(button.dataset.place, text.selectionStart, text.selectionEnd, "end");
      text.focus();
      preview(form, text.value);
    });
  }
}

function preview(form, words) {
  const place = form.querySelector(".canned-preview");
  place.hidden = !words.trim();
  const shown = place.querySelector("p");
  shown.replaceChildren();
  let from = 0;
  for (const { at, text, name } of placesIn(words)) {
    const value = samples[name.toLowerCase()];
    shown.append(words.slice(from, at), marked(value ?? text, value === undefined));
    from = at + text.length;
  }
  shown.append(words.slice(from));
}

function marked(words, isOpen) {
  const mark = document.createElement("bdi");
  mark.className = isOpen ? "place is-open" : "place";
  mark.textContent = words;
  return mark;
}
