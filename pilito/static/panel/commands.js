// What one can do, each once. Names and keys come with the page (templates/panel/commands.html); what each does is
// bound here by whoever can do it. The keyboard, the sheet of keys and the command bar read the same list.

const deeds = new Map();

// `when` tells whether it can be done now; `run` does it.
export function bind(name, run, when = () => true) {
  deeds.set(name, { run, when });
}

// Press what stands on the page: a command that is a button is bound by the button's selector.
export function bindButton(name, selector) {
  const button = () => document.querySelector(selector);
  bind(name, () => button().click(), () => Boolean(button() && !button().disabled));
}

// Do it, and tell whether it could be done. What leads to an address is pressed where it stands on the page.
export function runCommand({ name, href }) {
  const deed = deeds.get(name);
  if (deed) return deed.when() ? (deed.run(), true) : false;
  if (!href) return false;
  const link = document.getElementById(name);
  if (link) link.click();
  else location.assign(href);
  return true;
}

// Everything the page knows: {name, title, keys, also, group, groupTitle, href}.
export function listCommands() {
  const lists = document.getElementById("commands")?.content.querySelectorAll("ul") ?? [];
  return [...lists].flatMap((list) => [...list.children].map((item) => describe(item, list.dataset)));
}

export const findCommand = (name) => listCommands().find((command) => command.name === name);

export const isReady = ({ name, href }) => Boolean(deeds.has(name) ? deeds.get(name).when() : href);

function describe({ dataset, textContent }, { group, title }) {
  const { command: name, keys = "", also = "", href } = dataset;
  return { name, title: textContent, keys: keys.split(" ").filter(Boolean), also, href, group, groupTitle: title };
}
