// Whether a name is meant by what was typed, and how surely: by its beginning, a part of it, or its letters in order;
// in one spelling of Persian and Arabic, and also where the keyboard was the other one.
const SAME = { ي: "ی", ى: "ی", ك: "ک", ة: "ه", أ: "ا", إ: "ا", آ: "ا", ؤ: "و", "\u200c": "" };
const KEYS_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,\\";
const KEYS_PERSIAN = "ضصثقفغعهخحجچشسیبلاتنمکگظطزرذدئوپ";

const plain = (text) =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\u064b-\u065f\u0640\u0670]/g, "")
    .replace(/[يىكةأإآؤ\u200c]/g, (letter) => SAME[letter]);

export function scoreOf(typed, name) {
  if (!typed) return 1;
  return Math.max(match(plain(typed), plain(name)), 0.9 * match(plain(otherKeyboard(typed)), plain(name)));
}

export function otherKeyboard(typed) {
  return [...typed.toLowerCase()].map((letter) => swap(letter, KEYS_LATIN, KEYS_PERSIAN) ?? swap(letter, KEYS_PERSIAN, KEYS_LATIN) ?? letter).join("");
}

const swap = (letter, from, to) => to[from.indexOf(letter)];

// Every word that was typed has to be in the name.
function match(typed, name) {
  const scores = typed.split(/\s+/).filter(Boolean).map((word) => matchWord(word, name));
  return scores.length && Math.min(...scores) > 0 ? scores.reduce((sum, score) => sum + score) / scores.length : 0;
}

function matchWord(word, name) {
  const words = name.split(/[\s/-]+/);
  if (words.includes(word)) return 4;
  if (words.some((one) => one.startsWith(word))) return 3;
  if (name.includes(word)) return 2;
  return word.length > 2 && words.some((one) => isInOrder(word, one)) ? 1 : 0;
}

function isInOrder(letters, word) {
  let place = -1;
  return [...letters].every((letter) => (place = word.indexOf(letter, place + 1)) >= 0);
}
