import { startKeyboard } from "./keyboard.js";

// On a phone the pages' names are wider than the screen: the one we are on comes into sight.
document.querySelector(".room-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

startKeyboard();
