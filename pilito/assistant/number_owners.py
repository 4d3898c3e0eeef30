"""Finds a number that a reply says of another thing than the facts do: "bags $80, coats $200" makes no coat $80.

For what stands outside of the catalogue, whose own lines say whose each price is (`product_prices.py`). A word of the
reply that the facts have beside other numbers of the kind only (sums, days, centimetres), where these speak of the
same, tells that the number is not its own. Terms tell nothing, for facts go on about them ("Shipping: US $5. Canada
$12."), but for who brings it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from pilito.assistant.grounding import DAY, MONTHS
from pilito.assistant.lexicon import WORD, alike, lists, stems_of, terms_in
from pilito.assistant.product_prices import amounts_of, brackets_in_front, is_of_catalogue, is_sum
from pilito.assistant.quantities import Quantity, read_quantities
from pilito.assistant.sayings import NOTHING, PRICE, SENTENCE, carriers, delivery, sayings_of, statements_in

ELSEWHERE = re.compile(
    r"(?<!\w)(?:خارج|بیرون|سایر|بقیه|دیگر|باقی|غیر)\w*|\b(?:else\w*|others?|outside|rest|except|than)\b"
)
# "Making the ring takes 10 days, the necklace 14" is of both, "students get 10%, members 20%" as well.
DEEDS = re.compile(
    r"(?<!\w)(?:ساخت|دوخت|بافت|تولید|اماده|صنع|تجهیز|تفصیل)\w*|\b(?:ma[dk]|produc|sew|knit|prepar|get)\w*"
)


@dataclass(frozen=True)
class Told:
    """A statement with numbers of one kind, and the words beside them; `before` are those of statements before it."""

    kind: str
    amounts: frozenset[Decimal]
    words: frozenset[str]
    before: frozenset[str]
    terms: frozenset[int] = NOTHING  # of its sentence, or those that it goes on about
    has_own: bool = False

    def is_of_the_same(self, other: "Told") -> bool:
        """Whether both speak of the same terms, or of none: making a ring takes its days, and so does delivering it."""
        return not self.terms.isdisjoint(other.terms) or not (self.has_own or other.has_own)


def find_numbers_of_others(text: str, facts: Iterable[str]) -> Iterator[str]:
    """Yield each word of a reply that stands beside a number which facts have beside other words; `text` is plain."""
    known = [one for fact in facts if not is_of_catalogue(fact) for one in _told_in(fact)]
    if not known:
        return
    for sentence in SENTENCE.split(text):
        terms = terms_in(sentence)
        said = [] if ELSEWHERE.search(sentence) else [replace(one, terms=terms) for one in _told(sentence)]
        for kind in dict.fromkeys(one.kind for one in said):
            of_it, known_of_it = [one for one in said if one.kind == kind], [one for one in known if one.kind == kind]
            for one in of_it:
                yield from _strange(one.words, [one], known_of_it)
            # "A bag with engraving: $80 and $10 a word": each may be of any of them.
            yield from _strange(frozenset().union(*(one.before for one in of_it)), of_it, known_of_it)


def _strange(words: frozenset[str], said: list[Told], known: list[Told]) -> Iterator[str]:
    """Those that the facts have beside other numbers only, where they have these at all."""
    amounts = frozenset().union(*(one.amounts for one in said))
    terms = frozenset().union(*(one.terms for one in said))
    own = [one for one in known if one.amounts & amounts]
    own = [one for one in own if one.terms & terms] or own  # "7 days" of exchanges, and no others
    topics = {(one.terms, one.has_own): one for one in own}.values()  # few, however many numbers there are
    beside, anywhere = _stems_in(own), _stems_in(one for one in known if any(map(one.is_of_the_same, topics)))
    for word in sorted(words):
        if alike(word).isdisjoint(beside) and not stems_of(word).isdisjoint(anywhere):
            yield word


@lru_cache(maxsize=256)
def _told_in(fact: str) -> tuple[Told, ...]:
    return tuple(
        replace(told, terms=_with_delivery(one.terms), has_own=one.has_own)
        for one in sayings_of(fact)
        for told in _told(one.text)
    )


def _with_delivery(terms: frozenset[int]) -> frozenset[int]:
    return terms | delivery() if terms & carriers() else terms


def _told(sentence: str) -> Iterator[Told]:
    parts: list[frozenset[str]] = []  # their words
    since: dict[str, int] = {}  # of each kind, the first part behind its last number
    heads: dict[str, frozenset[str]] = {}  # "With DHL: 3 days to Iran, 7 days to the US" is of both
    for part in statements_in(brackets_in_front(sentence)):
        read = read_quantities(part)
        words = _words(part, read)
        for kind in dict.fromkeys(filter(None, map(_kind, read))):
            amounts = (amounts_of(one) for one in read if _kind(one) == kind)
            before = frozenset().union(*parts[since.get(kind, 0) :])
            heads[kind] = before or heads.get(kind, before)
            yield Told(kind, frozenset().union(*amounts), words, heads[kind])
            since[kind] = len(parts) + 1
        parts.append(words)
        if not all(map(_kind, read)):  # "18 and 7 cm": of which unit a bare number is nobody knows
            parts = [frozenset() for _ in parts]


def _words(part: str, read: list[Quantity]) -> frozenset[str]:
    """What it names beside its numbers."""
    counted = {word for one in read for word in WORD.findall(part[one.start : one.end])}
    return frozenset(word for word in WORD.findall(part) if word not in counted and _tells(word))


def _kind(one: Quantity) -> str:
    """What it is a number of: sums are of money whatever their currency, others of their unit."""
    return "money" if is_sum(one) else one.unit


def _tells(word: str) -> bool:
    """Whether it names a thing, or who brings it."""
    is_other = lists().has_word(word) or any(each.search(word) for each in (PRICE, DAY, DEEDS)) or word in MONTHS
    return not (is_other or terms_in(word) - carriers() or any(map(str.isdigit, word)))


def _stems_in(priced: Iterable[Told]) -> frozenset[str]:
    return frozenset(stem for one in priced for word in one.words | one.before for stem in stems_of(word))
