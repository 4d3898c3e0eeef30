"""Finds the price of one product, or of one size of it, that a reply tells of another.

The lines are ours (`conversations/fact_text.py`): `قیمت سایز ۳۸، کرم: ۱٬۹۰۰٬۰۰۰ تومان، موجود` below the name of the
product. A sum that also stands outside of the catalogue's facts is let be: it may be of anything.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from pilito.assistant.lexicon import WORD, alike, lists, stems_of
from pilito.assistant.posts import PRICE_LINE
from pilito.assistant.quantities import Quantity, read_quantities, unify
from pilito.assistant.sayings import SENTENCE, SIGNS, Direction, sayings_of, statements_in
from pilito.assistant.stock import UNNAMED, mentioned_in, values_of
from pilito.spelling import plain

LEAST_SUM = 10_000  # of a bare number
MOST_PRODUCTS = 40  # more are not named in one reply
IN_ORDER = re.compile(r"(?<!\w)(?:به ترتیب|علی التوالی)(?!\w)|\brespectively\b")
THRESHOLDS = frozenset({Direction.OVER, Direction.UNDER})
FACTORS = {"toman": (10,), "": (1, 10)}
BRACKETS = re.compile(r"\s?\(([^()]{1,60})\)")
PIECES = re.compile(r"\(\d+ \w+\)")


@dataclass(frozen=True)
class Line:
    values: tuple[str, ...]  # its size, colour, … in the words of the catalogue
    amounts: frozenset[Decimal]


@dataclass(frozen=True)
class Product:
    name: frozenset[str]
    lines: tuple[Line, ...]  # that name a price
    amounts: frozenset[Decimal]  # all of its fact


def find_other_prices(text: str, facts: Iterable[str], asked: frozenset[str]) -> Iterator[str]:
    """Yield each sum of a reply that is another product's, or another size's; `text` is plain, without its questions.

    `asked` are the customer's words: "it is $80" is said of what they asked about.
    """
    read = [(fact, _product(fact)) for fact in facts]
    products = [one for _, one in read if one][:MOST_PRODUCTS]
    if not products or IN_ORDER.search(text):
        return
    elsewhere = frozenset(amount for fact, one in read if one is None for amount in _prices_in(fact))
    values = frozenset(value for one in products for line in one.lines for value in line.values)
    wanted = _named(asked, products) or products
    meant = frozenset() if mentioned_in(text, values) else values & asked
    for part, subject in _subjects(text, products, values):
        for one in filter(is_sum, read_quantities(part)):
            amounts = amounts_of(one)
            if not amounts & elsewhere:
                named = list(subject.products) or wanted
                if _is_of_others(amounts, subject.values or meant, named, products):
                    yield part[one.start : one.end]


@dataclass(frozen=True)
class _Subject:
    """What a statement speaks of: "the bag and the coat: …" of both, "it is …" of what was named before it."""

    products: tuple[Product, ...] = ()
    values: frozenset[str] = frozenset()

    def with_(self, other: "_Subject") -> "_Subject":
        return _Subject((*self.products, *other.products), self.values | other.values)


def _subjects(text: str, products: list[Product], values: frozenset[str]) -> Iterator[tuple[str, _Subject]]:
    """Each statement and its subject."""
    names = frozenset(word for one in products for word in one.name)
    names |= {word for value in values for word in WORD.findall(value)}
    before = listed = _Subject()
    for sentence in SENTENCE.split(text):
        for part in statements_in(brackets_in_front(sentence)):
            words = WORD.findall(part)
            own = _Subject(tuple(_named(words, products)), mentioned_in(part, values))
            subject = listed.with_(own)
            yield part, _Subject(subject.products or before.products, subject.values)
            before = subject if subject.products else before
            listed = subject if all(_is_named(word, names) for word in words) else _Subject()


def brackets_in_front(sentence: str) -> str:
    """The sentence with what stands in brackets behind a number in front of it: "$24 (small)" is "small: $24"."""
    for one in reversed(read_quantities(sentence)):
        if behind := BRACKETS.match(sentence, one.end):
            before = sentence[: one.start].rstrip(SIGNS)
            told = sentence[len(before) : one.end]
            sentence = f"{before}, {behind[1]}: {told}, {sentence[behind.end() :]}"
    return sentence


def _is_named(word: str, names: frozenset[str]) -> bool:
    return UNNAMED.fullmatch(word) is not None or lists().has_grammar(word) or not alike(word).isdisjoint(names)


def is_of_catalogue(fact: str) -> bool:
    return _product(fact) is not None


@lru_cache(maxsize=256)
def _product(fact: str) -> Product | None:
    """A fact of the catalogue, with a name and a price; None of any other."""
    first, *rest = unify(plain(fact)).strip().split("\n")
    lines = tuple(_line(line) for line in rest if PRICE_LINE.match(line))
    name = frozenset(word for word in WORD.findall(first) if not lists().has_grammar(word))
    return Product(name, lines, _amounts_in(fact)) if name and any(line.amounts for line in lines) else None


def _line(line: str) -> Line:
    label, _, rest = line.partition(":")
    return Line(values_of(label), _amounts_in(PIECES.sub(" ", rest)))


@lru_cache(maxsize=256)
def _prices_in(fact: str) -> frozenset[Decimal]:
    """The numbers of a fact that may be a price of something: "free over $200" names none."""
    stated = (one for saying in sayings_of(fact) for one in saying.bounds.items())
    return frozenset(value for value, said in stated if any(direction not in THRESHOLDS for _, direction in said))


def is_sum(one: Quantity) -> bool:
    return one.is_money or (not one.unit and max(one.values) >= LEAST_SUM)


def _amounts_in(text: str) -> frozenset[Decimal]:
    return frozenset(amount for one in read_quantities(unify(plain(text))) for amount in amounts_of(one))


def amounts_of(one: Quantity) -> frozenset[Decimal]:
    """What it can be: tomans in rials; without a unit both."""
    factors = FACTORS.get(one.unit, (1,))
    return frozenset(value * factor for value in one.values for factor in factors)


def _named(words: Iterable[str], products: list[Product]) -> list[Product]:
    """Those of whose names the words have something, but for whom they have less of it: "the wool coat" is no other."""
    said = frozenset().union(*map(alike, words))
    each = [(one, frozenset(word for word in one.name if not said.isdisjoint(stems_of(word)))) for one in products]
    return [one for one, has in each if has and not any(has < other for _, other in each)]


def _is_of_others(
    amounts: frozenset[Decimal], which: frozenset[str], named: list[Product], products: list[Product]
) -> bool:
    owners = [one for one in products if amounts & one.amounts]
    own = [one for one in named if one in owners]
    return bool(owners) and all(_is_of_other_size(amounts, which, one) for one in own)


def _is_of_other_size(amounts: frozenset[Decimal], which: frozenset[str], product: Product) -> bool:
    """Whether only lines of other sizes, or colours, than these have the sum."""
    owners = [line for line in product.lines if amounts & line.amounts]
    sought = [line for line in product.lines if _fits(line, which, product)]
    return bool(owners and sought) and not any(line in owners for line in sought)


def _fits(line: Line, which: frozenset[str], product: Product) -> bool:
    """Whether it is of these: of one of the sizes, and of one of the colours, where both are named."""
    kinds = [
        which.intersection(each.values[place] for each in product.lines if place < len(each.values))
        for place in range(len(line.values))
    ]
    return all(not kind or value in kind for kind, value in zip(kinds, line.values, strict=True))
