// The page of comments: how much of a message is left, counted as Instagram does, and what is typed stays in this browser
// until it is sent, also where the log-in ended meanwhile.
import "./zone.js";
import { recall, remember } from "./keep.js";
import { digits, say } from "./words.js";

const SHOW_SIZE_FROM = 0.8; // of the limit
const encoder = new TextEncoder();

for (const text of document.querySelectorAll("textarea[data-limit]")) {
  const { comment } = text.dataset;
  if (comment) text.value ||= recall("comment", comment);
  text.addEventListener("input", () => {
    if (comment) remember("comment", comment, text.value);
    showSize(text);
  });
  showSize(text);
}

// What has no box any more was sent, by us or by a colleague.
for (const { id } of document.querySelectorAll("article.comment:not(:has([data-comment]))")) remember("comment", id.slice(1), "");

function showSize(text) {
  const used = encoder.encode(text.value.trim()).length;
  const limit = Number(text.dataset.limit);
  const size = document.getElementById(text.getAttribute("aria-describedby"));
  size.textContent = used < limit * SHOW_SIZE_FROM ? "" : say("bytes", { used: digits(used), limit: digits(limit) });
  size.classList.toggle("is-long", used > limit);
  text.setCustomValidity(used > limit ? say("tooLong") : ""); // the browser says so at the box, and sends nothing
}
