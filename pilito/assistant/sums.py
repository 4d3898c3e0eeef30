"""Finds a sum that a reply says of another thing than the facts do: "bags $80, coats $200" makes no coat $80.

For what stands outside of the catalogue, whose own lines say whose each price is (`product_prices.py`). A word of the
reply that the facts have beside other sums only tells that the sum is not its own. Terms tell nothing, for facts go on
about them ("Shipping: US $5. Canada $12."), but for who brings it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from pilito.assistant.grounding import DAY, MONTHS
from pilito.assistant.lexicon import WORD, alike, lists, stems_of, terms_in
from pilito.assistant.product_prices import amounts_of, is_of_catalogue, is_sum
from pilito.assistant.quantities import read_quantities, unify
from pilito.assistant.sayings import PRICE, SENTENCE, carriers, statements_in
from pilito.spelling import plain

ELSEWHERE = re.compile(
    r"(?<!\w)(?:خارج|بیرون|سایر|بقیه|دیگر|باقی|غیر)\w*|\b(?:else\w*|others?|outside|rest|except|than)\b"
)
LEAST = 100  # a bare number that may be a sum without its thousands


@dataclass(frozen=True)
class Priced:
    """A statement with a sum, and the words beside it; `before` are those of the statements without one before it."""

    amounts: frozenset[Decimal]
    words: frozenset[str]
    before: frozenset[str]


def find_sums_of_others(text: str, facts: Iterable[str]) -> Iterator[str]:
    """Yield each word of a reply that stands beside a sum which facts have beside other words; `text` is plain."""
    known = [one for fact in facts if not is_of_catalogue(fact) for one in _priced_in(fact)]
    if not known:
        return
    for sentence in SENTENCE.split(text):
        said = [] if ELSEWHERE.search(sentence) else list(_priced(sentence))
        for one in said:
            yield from _strange(one.words, [one], known)
        # "A bag with engraving: $80 and $10 a word": each may be of any of them.
        yield from _strange(frozenset().union(*(one.before for one in said)), said, known)


def _strange(words: frozenset[str], said: list[Priced], known: list[Priced]) -> Iterator[str]:
    """Those that the facts have beside other sums only, where they have these at all."""
    amounts = frozenset().union(*(one.amounts for one in said))
    own = [one for one in known if one.amounts & amounts]
    beside, anywhere = _stems_in(own), _stems_in(known)
    for word in sorted(words) if own else ():
        if alike(word).isdisjoint(beside) and not stems_of(word).isdisjoint(anywhere):
            yield word


@lru_cache(maxsize=256)
def _priced_in(fact: str) -> tuple[Priced, ...]:
    return tuple(one for sentence in SENTENCE.split(unify(plain(fact))) for one in _priced(sentence))


def _priced(sentence: str) -> Iterator[Priced]:
    before: frozenset[str] = frozenset()
    for part in statements_in(sentence):
        read = read_quantities(part)
        sums = [one for one in read if is_sum(one)]
        counted = {word for one in sums for word in WORD.findall(part[one.start : one.end])}
        words = frozenset(word for word in WORD.findall(part) if word not in counted and _tells(word))
        if sums:
            yield Priced(frozenset().union(*map(amounts_of, sums)), words, before)
        is_counted = any(not one.unit and max(one.values) >= LEAST for one in read)
        before = frozenset() if sums or is_counted else before | words


def _tells(word: str) -> bool:
    """Whether it names a thing, or who brings it."""
    is_other = lists().has_grammar(word) or PRICE.search(word) or DAY.search(word) or word in MONTHS
    return not (is_other or terms_in(word) - carriers() or any(map(str.isdigit, word)))


def _stems_in(priced: Iterable[Priced]) -> frozenset[str]:
    return frozenset(stem for one in priced for word in one.words | one.before for stem in stems_of(word))
