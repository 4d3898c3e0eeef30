// What the scripts say, in the language and with the digits of the page.
const words = document.getElementById("words").dataset;
const numbers = new Intl.NumberFormat(document.documentElement.dataset.digits === "persian" ? "fa-IR" : "en", { useGrouping: false });

export function say(name, values = {}) {
  return Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), words[name]);
}

export const digits = (number) => numbers.format(number);

export function minutes(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${digits(Math.floor(seconds / 60))}:${digits(Math.floor((seconds % 60) / 10))}${digits(seconds % 10)}`;
}
