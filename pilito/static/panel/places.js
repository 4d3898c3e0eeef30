// Places in braces that a person fills: {price}. The same pattern as the server's (conversations/canned.py).
const PLACE = /\{\s*(\p{L}(?:[\p{L}\p{N}_ \u200c-]{0,39}?))\s*\}/gu;

export const placesIn = (text) => [...text.matchAll(PLACE)].map((match) => ({ at: match.index, text: match[0], name: match[1] }));

// Mark the first place from `from` on; false when there is none.
export function selectPlace(text, from = 0) {
  const found = placesIn(text.value).find(({ at }) => at >= from);
  if (!found) return false;
  text.focus();
  text.setSelectionRange(found.at, found.at + found.text.length);
  return true;
}

// Tab goes from place to place, as long as there is one; then it is Tab again.
export function tabThrough(event, text) {
  if (event.key !== "Tab" || event.shiftKey || event.defaultPrevented || !placesIn(text.value).length) return;
  if (selectPlace(text, text.selectionEnd)) event.preventDefault();
}
