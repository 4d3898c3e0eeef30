// Turn what is shown into what came, touching only what differs: focus, open captions and running sound stay.
import { isBroken } from "./pictures.js";

const KEPT = new Set(["open", "stroke-dashoffset"]);

export function morph(shown, came) {
  window.Idiomorph.morph(shown, came, {
    morphStyle: "outerHTML",
    callbacks: {
      beforeAttributeUpdated: (name, node) => !KEPT.has(name) && !(name === "hidden" && node.matches("[data-folds]")), // fold.js
      beforeNodeMorphed: (node) => !isBusy(node),
      beforeNodeAdded: (node) => !isBroken(node),
    },
  });
}

// A film or sound that plays, a box in which somebody types, a caption that somebody opened, a button that asks whether one is sure or whose deed is under way,
// and what the scripts fill, are left as they are.
function isBusy(node) {
  if (node instanceof HTMLInputElement && node.value !== node.defaultValue) return true;
  return (node instanceof HTMLMediaElement && !node.paused) || node.matches?.(".caption.is-open, .expand, [data-own], [data-asked], [data-waits]");
}
