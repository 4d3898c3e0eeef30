"""Of whom or of what a fact says something only: "Returns only for damaged items" is said of no others.

Works on `spelling.plain` text in which numbers are `unify`-ed.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from pilito.assistant.denials import CONDITION, NEGATION
from pilito.assistant.grounding import UNKNOWING
from pilito.assistant.lexicon import WORD, alike, lists, stems_of, terms_in
from pilito.assistant.quantities import CURRENCIES, UNITS
from pilito.assistant.sayings import SENTENCE, sayings_of, statements_in
from pilito.spelling import plain

# "You only order, we do the rest" and «فقط کافیست سفارش بدید» are words of courtesy, «فقط ۶۰ تومان» praises a price.
ONLY = re.compile(
    r"(?<!\w)(?:فقط|تنها)(?!\w)(?! کافی| ?\d)"
    r"|\bonly\b(?= (?:for|in|on|to|within|at|with|when|if|through|via)\b|\W*$)"
)
NUMBERED = UNITS.keys() | CURRENCIES.keys()  # "only in 3 days": what a number says is held by others


@dataclass(frozen=True)
class Restriction:
    terms: frozenset[int]  # of its own part; none where it is said of the part before it
    words: tuple[frozenset[str], ...]  # that name whom or what it is said of, each in all its forms

    def leaves_out(self, known: frozenset[str]) -> bool:
        """Whether none of its words is among these stems."""
        return all(word.isdisjoint(known) for word in self.words)


@lru_cache(maxsize=1024)
def restrictions_in(sentence: str) -> tuple[Restriction, ...]:
    return tuple(_restrictions_in(sentence))


def _restrictions_in(sentence: str) -> Iterator[Restriction]:
    for part in statements_in(sentence):
        only = ONLY.search(part)
        if only and not NEGATION.search(part):
            words = _telling(part[only.end() :]) or _telling(part[: only.start()])  # "for members only"
            if words:
                yield Restriction(terms_in(part), words)


def _telling(text: str) -> tuple[frozenset[str], ...]:
    return tuple(
        alike(word)
        for word in WORD.findall(text)
        if not (lists().has_grammar(word) or terms_in(word) or word in NUMBERED or any(map(str.isdigit, word)))
    )


def stems_in(words: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*map(stems_of, words))


def find_unrestricted(text: str, facts: Iterable[str], asked: frozenset[str]) -> Iterator[str]:
    """Yield the words of a reply for what all facts say of some only, where nobody names those.

    `text` is the whole reply, `asked` are the customer's words: "Yes, we take returns" may answer who asked for a
    damaged item.
    """
    told = [one for fact in facts for one in _told_of(fact)]
    if not any(one.restrictions for one in told):
        return
    known = stems_in([*WORD.findall(text), *asked])
    for sentence in SENTENCE.split(text):
        if ONLY.search(sentence) or CONDITION.search(sentence) or UNKNOWING.search(sentence):
            continue
        for statement in statements_in(sentence):
            terms = frozenset[int]() if NEGATION.search(statement) else terms_in(statement)
            of_these = [one for one in told if terms and terms <= one.terms and not one.is_denial]
            if of_these and all(one.is_of_others(terms, known) for one in of_these):
                yield next(word for word in WORD.findall(statement) if terms_in(word))


@dataclass(frozen=True)
class _Told:
    """A sentence of a fact that has terms, with those behind it that go on about them."""

    terms: frozenset[int]
    restrictions: tuple[Restriction, ...]
    is_denial: bool

    def is_of_others(self, terms: frozenset[int], known: frozenset[str]) -> bool:
        found = (each for each in self.restrictions if not each.terms or each.terms & terms)
        return any(each.leaves_out(known) for each in found)


@lru_cache(maxsize=256)
def _told_of(fact: str) -> tuple[_Told, ...]:
    told: list[_Told] = []
    sayings = [one for one in sayings_of(fact) if one.text.strip()]
    for one in sayings:
        restrictions = restrictions_in(one.text)
        if one.has_own:
            told.append(_Told(one.terms, restrictions, one.denies))
        elif told:  # "Returns? Only for damaged items."
            is_denial = told[-1].is_denial and not restrictions  # "No returns. Only for damaged items."
            told[-1] = _Told(one.terms, (*told[-1].restrictions, *restrictions), is_denial)
    # What stands over the others, a title or a question, affirms nothing that they say of some only.
    is_heading = bool(sayings) and sayings[0].has_own and "\n" in plain(fact).strip()
    rest = told[1:]
    return tuple(rest if is_heading and any(told[0].terms <= one.terms for one in rest) else told)
