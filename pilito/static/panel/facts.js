// The pages of facts: one more row for a variant.
import "./zone.js";

const more = document.getElementById("more-variants");
const rows = document.getElementById("variants");

if (more && rows && !more.closest("fieldset").disabled) {
  more.hidden = false;
  more.addEventListener("click", () => {
    const row = rows.lastElementChild.cloneNode(true);
    for (const cell of row.querySelectorAll(".has-problem")) cell.classList.remove("has-problem");
    for (const said of row.querySelectorAll(".field-problem")) said.remove();
    for (const input of row.querySelectorAll("input")) input.value = "";
    rows.append(row);
    row.querySelector("input").focus();
  });
}
