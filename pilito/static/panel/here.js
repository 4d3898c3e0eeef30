// Where one is. An answer may come when one has long gone on to another conversation: it touches only the one that it
// was asked from, and what is to be said of it elsewhere is a line that leads back.
import { toast } from "./toast.js";
import { say } from "./words.js";

const gone = new Set(); // conversations that were erased: nothing is told of them any more
document.addEventListener("conversation:gone", ({ detail }) => gone.add(detail));

const thread = () => document.getElementById("thread");

// Ask before the request, use after the answer. Who came back meanwhile is here again.
export function here() {
  const { conversation, name, url } = thread()?.dataset ?? {};
  const isOpen = () => thread()?.dataset.conversation === conversation;
  // A name keeps its own direction inside a sentence of another.
  const elsewhere = (words) => toast(`\u2068${name}\u2069: ${words || say("failed")}`, { label: say("openConversation"), href: url });
  const tell = (words) => gone.has(conversation) || (isOpen() || !conversation ? toast(words) : elsewhere(words));
  return { conversation, isOpen, tell };
}

// What an answer brings; null where nobody waits for it any more when it comes, and then its failure is no news either.
export async function unlessLate(isLate, answer) {
  try {
    const came = await answer;
    return isLate() ? null : came;
  } catch (error) {
    if (isLate()) return null;
    throw error;
  }
}
