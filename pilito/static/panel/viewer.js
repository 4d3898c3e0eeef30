// A picture as large as the window: arrows, a swipe or buttons lead to the next one of the conversation, Escape closes.
const SWIPE = 48; // pixels
const find = (id) => document.getElementById(id);
let pictures = [];
let at = 0;
let startX = null;

// The plain link opens the file in a tab of its own: with a key held down, and where no script runs.
document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest("#items :is(a.media.is-image, a.slide)");
  if (!link?.querySelector("img")) return;
  event.preventDefault();
  pictures = [...document.querySelectorAll("#items :is(a.media.is-image, a.slide)")].filter((one) => one.querySelector("img"));
  show(pictures.indexOf(link));
  find("viewer").showModal();
});

find("viewer")?.addEventListener("keydown", ({ key }) => {
  const isRtl = document.documentElement.dir === "rtl";
  if (key === "ArrowRight") show(at + (isRtl ? -1 : 1));
  if (key === "ArrowLeft") show(at + (isRtl ? 1 : -1));
});
find("viewer-next")?.addEventListener("click", () => show(at + 1));
find("viewer-before")?.addEventListener("click", () => show(at - 1));
find("viewer-picture")?.addEventListener("click", ({ target }) => target.classList.toggle("is-whole"));
find("viewer")?.addEventListener("click", ({ target, currentTarget }) => target === currentTarget && currentTarget.close());
find("viewer")?.addEventListener("pointerdown", ({ clientX }) => (startX = clientX));
find("viewer")?.addEventListener("pointerup", ({ clientX, pointerType }) => {
  const moved = startX === null ? 0 : clientX - startX;
  startX = null;
  if (pointerType === "mouse" || Math.abs(moved) < SWIPE) return;
  const forward = document.documentElement.dir === "rtl" ? moved > 0 : moved < 0;
  show(at + (forward ? 1 : -1));
});
find("viewer")?.addEventListener("close", () => pictures[at]?.focus());

function show(number) {
  if (number < 0 || number >= pictures.length) return;
  at = number;
  const { href } = pictures[at];
  const picture = find("viewer-picture");
  picture.classList.remove("is-whole");
  Object.assign(picture, { src: href, alt: pictures[at].querySelector("img").alt });
  find("viewer-open").href = href;
  find("viewer-next").disabled = at === pictures.length - 1;
  find("viewer-before").disabled = at === 0;
}
