"""Finds what a reply offers though the shop refuses it: words that the facts say with a "not" only."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from pilito.assistant.denials import NEGATION, QUESTION, spread
from pilito.assistant.grounding import UNKNOWING
from pilito.assistant.lexicon import WORD, alike, lists, stems_of, terms_in
from pilito.assistant.quantities import unify
from pilito.assistant.sayings import NOTHING, OPEN, SENTENCE, statements_in
from pilito.spelling import plain

SAID = re.compile(r"[^.!?؟\n؛]*(?:[.!?؟\n؛]|$)")
CONDITION = re.compile(r"(?<!\w)(?:if|unless|provided|when|که|اگر|اگه|مگر|چنانچه|بشرط|اذا)(?!\w)")
REFUSED = re.compile(r"\W*(?:(?:متاسفانه|unfortunately|sorry|للاسف)\W+)?(?:no|not|خیر|نه|نخیر|لا)(?!\w)")
LACKING = re.compile(r"(?<!\w)(?:بدون|بلا|عدم|without|excluding|except)(?!\w)")
UNDONE = re.compile(r"\bun(\w+ed|worn)\b|\bnon-(\w+)\b")
FEW = 2  # words behind "without" that belong to it


@dataclass(frozen=True)
class Part:
    text: str = field(compare=False)
    about: frozenset[int]
    stems: frozenset[str]


@dataclass(frozen=True)
class Refusal:
    """Words that the shop says with a "not" only, each in all its forms; with `about`, only of these terms."""

    words: tuple[frozenset[str], ...]
    about: frozenset[int]

    def stands_in(self, part: Part) -> bool:
        is_of_these = not self.about or bool(self.about & part.about)
        return is_of_these and not any(word.isdisjoint(part.stems) for word in self.words)


def find_offered(text: str, known: tuple[str, ...]) -> Iterator[str]:
    """Yield what a reply says without a "not", though the facts say it with one only."""
    refusals = frozenset(one for fact in known for one in _refusals_of(fact))
    affirmed = _by_stem(part for fact in known for part in _affirmed_of(fact)) if refusals else {}
    offered = _by_stem(_affirmed(text)) if refusals else {}
    for refusal in refusals:
        if not any(map(refusal.stands_in, _rarest(refusal, affirmed))):
            yield from (part.text.strip() for part in _rarest(refusal, offered) if refusal.stands_in(part))


def _by_stem(parts: Iterable[Part]) -> dict[str, set[Part]]:
    found: dict[str, set[Part]] = {}
    for part in parts:
        for one in part.stems:
            found.setdefault(one, set()).add(part)
    return found


def _rarest(refusal: Refusal, parts: dict[str, set[Part]]) -> list[Part]:
    """The parts with that word of it which the fewest have."""
    each = ([part for one in word for part in parts.get(one, ())] for word in refusal.words)
    return min(each, key=len)


@lru_cache(maxsize=256)
def _affirmed_of(fact: str) -> tuple[Part, ...]:
    return tuple(_affirmed(unify(plain(fact))))


def _affirmed(text: str) -> Iterator[Part]:
    """The parts that say something, with no "not" in them."""
    for part, _, about in _statements(UNDONE.sub(" ", spread(unasked(text)))):
        if not NEGATION.search(part) and not UNKNOWING.search(part):
            yield Part(part, about, frozenset().union(*map(stems_of, WORD.findall(part))))


def _statements(text: str) -> Iterator[tuple[str, str, frozenset[int]]]:
    """(part, its sentence, the terms it speaks of)."""
    about = NOTHING
    for sentence in SENTENCE.split(text):
        about = terms_in(sentence) or about
        yield from ((part, sentence, about) for part in statements_in(sentence))


def unasked(text: str) -> str:
    """The text without its questions."""
    return "".join(" . " if match[0].endswith(QUESTION) else match[0] for match in SAID.finditer(text))


@lru_cache(maxsize=256)
def _refusals_of(fact: str) -> tuple[Refusal, ...]:
    text = unify(plain(fact))
    questions = (match for match in SAID.finditer(text) if match[0].endswith(QUESTION))
    asked = (match[0] for match in questions if REFUSED.match(text[match.end() : match.end() + OPEN]))
    refused = [Refusal(words, NOTHING) for question in asked if (words := _telling(question))]
    for said in _statements(spread(text)):
        refused += [one for one in (_refusal(*said), _whole_refusal(said[0])) if one]
    return tuple(refused)


def _whole_refusal(part: str) -> Refusal | None:
    """ "Satin is non-washable", also where velvet is washable."""
    words = _telling(UNDONE.sub(r" \2 ", part)) if "non-" in part else ()
    return Refusal(words, NOTHING) if len(words) > 1 else None


def _refusal(part: str, sentence: str, terms: frozenset[int]) -> Refusal | None:
    part = CONDITION.split(part)[-1]
    unworn = UNDONE.search(part)
    if unworn and not (unworn[2] and terms_in(unworn[2])):  # "non-returnable" is of what stands beside it
        return Refusal((alike(unworn[1] or unworn[2]),), terms)
    denied = NEGATION.search(part)
    if denied is None:
        return None
    lacking = LACKING.search(part)
    words = _telling(" ".join(part[lacking.end() :].split()[:FEW]) if lacking else part)
    if words:
        return Refusal(words, NOTHING)
    behind, before = WORD.findall(part[denied.end() :])[:1], WORD.findall(part[: denied.start()])[-1:]
    beside = tuple(map(alike, behind if lacking else (before or behind)))  # "not included"
    words = () if terms else _telling(sentence)
    return Refusal((*words, *beside), terms) if beside and (words or terms) else None


def _telling(text: str) -> tuple[frozenset[str], ...]:
    """The words that are on none of the lists."""
    harmless = lists()
    return tuple(
        alike(word)
        for word in dict.fromkeys(WORD.findall(NEGATION.sub(" ", text)))
        if not (harmless.has_word(word) or harmless.has_noun(word) or any(map(str.isdigit, word)) or len(word) < 2)
    )
