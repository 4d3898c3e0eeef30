import "./forget.js";
import "./focus.js";
import { startKeyboard } from "./keyboard.js";
import "./sure.js";
import "./unfolded.js";

// On a phone the pages' names are wider than the screen: the one we are on comes into sight.
document.querySelector(".room-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

startKeyboard();

// A page that looks again by itself lets whoever uses it finish: nothing is taken from under their eyes or fingers.
const again = document.querySelector('meta[name="look-again"]');
const isUsed = () => document.hidden || document.querySelector("main :focus, details[open], dialog[open]");
if (again) setInterval(() => isUsed() || location.reload(), again.content * 1000);
