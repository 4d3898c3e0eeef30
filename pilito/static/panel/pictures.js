// A copy may be gone between two looks (a message taken back): what cannot be shown leaves its glyph.
const broken = new Set();

export const isBroken = (node) => node.matches?.("[data-picture]") && broken.has(node.src);

export function watchPictures() {
  // `error` does not bubble, so it is caught on its way down.
  document.addEventListener("error", ({ target }) => onError(target), true);
  document.querySelectorAll("img[data-picture]").forEach((image) => {
    if (image.complete && image.src && !image.naturalWidth) remove(image);
  });
}

function onError(target) {
  if (target.matches?.("[data-picture]")) remove(target);
  else if (target.matches?.(".media:is(video, audio), .media audio")) offerLink(target);
}

// What this browser cannot play may still open elsewhere.
function offerLink(player) {
  const link = document.createElement("a");
  Object.assign(link, { className: "media is-file", href: player.src, target: "_blank", rel: "noopener" });
  link.textContent = player.ariaLabel;
  if (player.matches(".media")) link.classList.add("bubble");
  player.replaceWith(link);
}

function remove(picture) {
  broken.add(picture.src); // so that a refresh does not ask for it again
  picture.remove();
}
