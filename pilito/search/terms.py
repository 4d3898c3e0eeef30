"""Cuts texts and questions of the search into words, in one spelling, and writes a question as each database reads it.

A text is kept with its words as they are and with one form for all forms of each (pilito/stems.py), so "مانتوهاتون" is
found by "مانتو" and by itself; a word is also found by its first letters while it is being typed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from pilito.lifecycle import Sender
from pilito.models.search_entry import SearchKind
from pilito.spelling import plain
from pilito.stems import WORD, compounds_of, parts_of, stem

LONGEST_WORD = 40
MOST_WORDS = 600  # of one text: a caption has at most 2,200 characters
MOST_ASKED = 8  # words of a question
SHORTEST_PREFIX = 2  # one letter would find half of everything
SHORTEST_ENDING = 3  # of a name
MARK = "#"  # begins what says where a text stands; no word has it
# What begins every word of an entry of this kind: a search for one kind then never walks the words of another. A mark
# for the kind was tried: with words and mark in hundreds of thousands of entries and none in common, it took 100 ms.
SIGILS = {SearchKind.MESSAGE: "", SearchKind.SHARE: "§", SearchKind.CUSTOMER: "¤", SearchKind.NOTE: "¶"}


@dataclass(frozen=True)
class Part:
    word: str
    is_prefix: bool = False


# One wanted word is any of its readings; a reading is all of its parts («می‌خوام»: می and خوام, or میخوام).
Reading = tuple[Part, ...]
Wanted = tuple[Reading, ...]


@dataclass(frozen=True)
class Question:
    """What is looked for: all of `wanted`, at a place that has all the marks."""

    wanted: tuple[Wanted, ...]

    @property
    def is_empty(self) -> bool:
        return not self.wanted

    def for_fts5(self, kind: SearchKind, marks: Sequence[str]) -> str:
        def write(part: Part) -> str:
            return f'"{SIGILS[kind]}{part.word}"' + (" *" if part.is_prefix else "")

        return self._written(" OR ", " AND ", write, [f'"{mark}"' for mark in marks])

    def for_tsquery(self, kind: SearchKind, marks: Sequence[str]) -> str:
        def write(part: Part) -> str:
            return f"'{SIGILS[kind]}{part.word}'" + (":*" if part.is_prefix else "")

        return self._written(" | ", " & ", write, [f"'{mark}'" for mark in marks])

    def _written(self, or_: str, and_: str, write: Callable[[Part], str], marks: Sequence[str]) -> str:
        every = [or_.join(f"({and_.join(map(write, reading))})" for reading in wanted) for wanted in self.wanted]
        return and_.join([*(f"({one})" for one in every), *marks])

    def finds(self, word: str) -> bool:
        """Whether this word of a text is one that was looked for."""
        forms = {word, stem(word), *parts_of(word)}
        return any(_fits(part, forms) for wanted in self.wanted for reading in wanted for part in reading)


def _fits(part: Part, forms: Iterable[str]) -> bool:
    return any(form.startswith(part.word) if part.is_prefix else form == part.word for form in forms)


def plain_words(text: str) -> list[str]:
    """The words of a text in one spelling, in their order."""
    return [word[:LONGEST_WORD] for word in WORD.findall(plain(text))]


def kept_words(*texts: str | None) -> list[str]:
    """Every word and form of a word by which these texts are found, each once."""
    found: dict[str, None] = {}
    for text in filter(None, texts):
        for word in [*plain_words(text), *compounds_of(text)]:
            found.update(dict.fromkeys(form[:LONGEST_WORD] for form in (word, stem(word), *parts_of(word))))
    return list(islice(found, MOST_WORDS))


def endings_of(*names: str | None) -> list[str]:
    """What the words of a name end with: "shop" finds maryamshop, whose middle nobody would type from its beginning."""
    words = {word for name in filter(None, names) for word in plain_words(name)}
    return sorted({word[start:] for word in words for start in range(1, len(word) - SHORTEST_ENDING + 1)})


def read_question(text: str) -> Question:
    """What somebody typed; the last word is still being typed as long as no space follows it."""
    chunks = text.split()[:MOST_ASKED]
    is_typing = not text[-1:].isspace()
    wanted = []
    for number, chunk in enumerate(chunks, start=1):
        if words := plain_words(chunk):
            wanted.append(_readings(chunk, words, is_open=is_typing and number == len(chunks)))
    return Question(tuple(wanted))


def _readings(chunk: str, words: Sequence[str], *, is_open: bool) -> Wanted:
    """The chunk as it is, by the one form of its word, and as one word where a joiner parts it."""
    *before, last = words
    is_prefix = is_open and len(last) >= SHORTEST_PREFIX
    readings = [(*(Part(word) for word in before), Part(last, is_prefix))]
    if not before and stem(last) != last:
        readings.append((Part(stem(last)),))
    if not before and (halves := parts_of(last)):
        readings.append((*(Part(half) for half in halves[:-1]), Part(halves[-1], is_open)))
    readings += [(Part(compound[:LONGEST_WORD], is_prefix),) for compound in compounds_of(chunk)]
    return tuple(readings)


# --- marks -----------------------------------------------------------------------------------------------------------


def mark_inbox(inbox_id: int) -> str:
    return f"{MARK}i{inbox_id}"


def mark_sender(sender: Sender) -> str:
    return f"{MARK}by{sender.value}"


def mark_conversation(conversation_id: int) -> str:
    return f"{MARK}c{conversation_id}"
