// Pictures of the channel expire, and a reel's address may be a film: what cannot be shown leaves its glyph.
const broken = new Set();

export const isBroken = (node) => node.matches?.("img[data-picture]") && broken.has(node.src);

export function watchPictures() {
  // `error` does not bubble, so it is caught on its way down.
  document.addEventListener("error", ({ target }) => onError(target), true);
  document.querySelectorAll("img[data-picture]").forEach((image) => {
    if (image.complete && image.src && !image.naturalWidth) replace(image);
  });
}

function onError(target) {
  if (target.matches?.("[data-picture]")) replace(target);
  else if (target.matches?.(".media:is(video, audio), .media audio")) offerLink(target);
}

// What the browser cannot play may still open elsewhere.
function offerLink(player) {
  const link = document.createElement("a");
  Object.assign(link, { className: "media is-file", href: player.src, target: "_blank", rel: "noopener noreferrer" });
  link.textContent = player.ariaLabel;
  if (player.matches(".media")) link.classList.add("bubble");
  player.replaceWith(link);
}

function replace(image) {
  broken.add(image.src); // so that a refresh does not ask for it again
  if (!("video" in image.dataset)) return image.remove();
  const film = document.createElement("video");
  Object.assign(film, { muted: true, playsInline: true, preload: "metadata", src: `${image.src}#t=0.1` });
  film.dataset.film = "";
  film.addEventListener("error", () => film.remove());
  image.replaceWith(film);
}
