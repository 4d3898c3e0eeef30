"""Finds what a reply offers as in stock though its line in the catalogue says that it is gone.

The lines are ours (`conversations/fact_text.py`): `قیمت سایز ۳۸، کرم: ۱٬۹۰۰٬۰۰۰ تومان، تمام شد` below the name of the
product. So they are read exactly: a size, a colour or a whole product counts as gone where all its lines say so.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from pilito.assistant.denials import CONDITION, NEGATION
from pilito.assistant.grounding import UNKNOWING
from pilito.assistant.lexicon import WORD, alike, lists, stems_of
from pilito.assistant.quantities import read_quantities, unify
from pilito.assistant.sayings import SENTENCE, statements_in, topics_in
from pilito.spelling import plain

# What every shop says of its goods, and what a yes may mostly be about.
STOCKED = re.compile(r"\b(?:in stock|available)\b|(?<!\w)(?:موجود|متوفر|متاح)")
# The same without what only begins like it: «موجودی» is the count.
THERE = re.compile(r"\b(?:in stock|available)\b|(?<!\w)(?:موجود(?:ه|ن|ند)?|متوفره?|متاحه?)(?!\w)")
HAVE = re.compile(r"\b(?:we have|we've got)\b|(?<!\w)(?:داریم|هستش?|لدینا|عندنا)(?!\w)")
GONE = re.compile(
    r"(?<!\w)(?:ت(?:ما|مو)م شد\w*|اتمام رسید\w*|ن(?:ما|مو)نده\w*|ناموجود\w*|نفد\w*)|\b(?:sold out|out of stock)\b"
)
NOT_GONE = re.compile(
    r"(?<!\w)(?:ت(?:ما|مو)م ن(?:شد|می ?ش)\w*|لم [تی]نفد)(?!\w)|(?:\bnot|n't) (?:yet )?(?:sold out|out of stock)\b"
)
LATER = re.compile(r"(?<!\w)(?:می ?ش\w+|خواهد|به زودی|بزودی|قریبا)(?!\w)|\b(?:will|soon|once|again)\b")
ORDER = re.compile(r"(?<!\w)(?:سفارش|طلب)|\border")
LINE = re.compile(
    r"(?:(?P<label>[^:]*): )?(?:.*[،,] )?(?:(?P<gone>تمام شد|ناموجود|sold out|out of stock)"
    r"|(?P<order>موجود برای سفارش|available to order)|موجود(?: \(\d+ عدد\))?|in stock(?: \(\d+ pieces\))?)"
)
UNNAMED = re.compile(r"(?<!\w)(?:قیمت|سایز|price|size)(?!\w)")
MOST_PRODUCTS = 40  # more are not named in one reply


@dataclass(frozen=True)
class Line:
    values: tuple[str, ...]  # its size, colour, … in the words of the catalogue
    is_gone: bool
    is_to_order: bool


@dataclass(frozen=True)
class _Claim:
    text: str
    meant: frozenset[str]  # values that the customer asked for, where the reply names none
    is_ordered: bool


@dataclass(frozen=True)
class Product:
    name: frozenset[str]
    lines: tuple[Line, ...]
    rest: tuple[str, ...]  # its other lines that speak of stock


def find_sold_out(text: str, facts: Iterable[str], asked: frozenset[str]) -> Iterator[str]:
    """Yield each statement of a reply that offers what is gone; `text` is plain, with its questions left out.

    `asked` are the customer's words: a yes alone is of the size and the colour they asked for.
    """
    each = [_product(fact) for fact in facts]
    products = [one for one in each if one.lines][:MOST_PRODUCTS]
    if not any(line.is_gone or line.is_to_order for one in products for line in one.lines):
        return
    said_elsewhere = [line for one in each for line in one.rest]
    values = frozenset(value for one in products for line in one.lines for value in line.values)
    tells_apart = mentioned_in(text, values) or NEGATION.search(text) or GONE.search(text)
    meant = frozenset() if tells_apart else values & asked
    is_ordered = ORDER.search(text) is not None
    wanted = frozenset[str]() if tells_apart else frozenset().union(*map(alike, asked))
    meant_ones = _most_named(wanted, products) or products
    before: list[list[Product]] = []
    for claim, is_claim in _claims(text):
        before = _named(claim, wanted, products) or before
        if is_claim and not _is_said(claim, said_elsewhere):
            of = before or ([meant_ones] if THERE.search(claim) or mentioned_in(claim, values) else [])
            if _are_gone(_Claim(claim, meant, is_ordered), of):
                yield claim.strip()


@lru_cache(maxsize=256)
def _product(fact: str) -> Product:
    first, *lines = unify(plain(fact)).strip().split("\n")
    read = [(line, LINE.fullmatch(line.strip())) for line in lines]
    return Product(
        frozenset(word for word in WORD.findall(first) if not lists().has_grammar(word)),
        tuple(
            Line(values_of(match["label"] or ""), match["gone"] is not None, match["order"] is not None)
            for _, match in read
            if match
        ),
        tuple(line for line in (first, *(line for line, match in read if not match)) if STOCKED.search(line)),
    )


def values_of(label: str) -> tuple[str, ...]:
    return tuple(value for part in re.split("[،,]", label) if (value := " ".join(UNNAMED.sub(" ", part).split())))


def _claims(text: str) -> Iterator[tuple[str, bool]]:
    """Each statement, a list's items with the one that says that they are there, and whether it says so."""
    for sentence in SENTENCE.split(text):
        claim, told = "", ""
        for part in statements_in(sentence):
            told += f" {part}"
            said = NOT_GONE.sub(" in stock", part)
            denies = NEGATION.search(said) or UNKNOWING.search(said) or GONE.search(said)
            if denies or THERE.search(said) or HAVE.search(said):
                yield claim, bool(claim)
                claim = "" if denies else told
                told = ""
                is_sure = not (topics_in(part) or LATER.search(sentence) or CONDITION.search(sentence))
                claim = claim if is_sure else ""
        yield claim + told, bool(claim)  # "in stock: 37 and 39"


def _is_said(claim: str, lines: list[str]) -> bool:
    """Whether another line of the facts tells of stock in words of the claim: it may know better."""
    words = {
        one for word in WORD.findall(THERE.sub(" ", claim)) if not lists().has_word(word) for one in stems_of(word)
    }
    return any(not words.isdisjoint(stems_of(word)) for line in lines for word in WORD.findall(line))


def _named(claim: str, wanted: frozenset[str], products: list[Product]) -> list[list[Product]]:
    """Those of whose names the claim has most, together where it has the same words of them: "we have scarves".

    Of such ones those that the customer wanted.
    """
    said = frozenset().union(*map(alike, WORD.findall(claim)))
    named: dict[frozenset[str], list[Product]] = {}
    for one in _most_named(said, products):
        named.setdefault(_said_of(one, said), []).append(one)
    return [_most_named(wanted, together) or together for together in named.values()]


def _most_named(said: frozenset[str], products: list[Product]) -> list[Product]:
    shares = [len(_said_of(one, said)) / (len(one.name) or 1) for one in products]
    most = max(shares, default=0)
    return [one for one, share in zip(products, shares, strict=True) if share == most and most > 0]


def _said_of(product: Product, said: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in product.name if not said.isdisjoint(stems_of(word)))


def _are_gone(claim: _Claim, products: list[list[Product]]) -> bool:
    """Whether one cannot be had as it is said; of those that stand together, all."""
    return any(all(_is_gone(claim, one) for one in together) for together in products)


def _is_gone(claim: _Claim, product: Product) -> bool:
    values = frozenset(value for line in product.lines for value in line.values)
    said = mentioned_in(claim.text, values)
    mentioned = said or claim.meant & values
    is_one = _is_one_thing(mentioned, product)
    if not said and not is_one:
        mentioned = frozenset()  # of several that were asked for, nobody knows which is meant
    groups = [[line for line in product.lines if value in line.values] for value in mentioned]
    if is_one or not groups:
        groups.append([line for line in product.lines if mentioned <= set(line.values)])
    return any(bool(lines) and all(_lacks(line, claim.is_ordered) for line in lines) for lines in groups)


def _is_one_thing(values: frozenset[str], product: Product) -> bool:
    """Whether each is of another kind: "38, black" is one thing, "38 and 40" are two."""
    places = [{line.values.index(one) for line in product.lines if one in line.values} for one in values]
    return len(frozenset().union(*places)) >= len(places)


def _lacks(line: Line, is_ordered: bool) -> bool:
    return line.is_gone or (line.is_to_order and not is_ordered)


def mentioned_in(text: str, values: frozenset[str]) -> frozenset[str]:
    """Which values a text names; a number with a unit is a sum or a count, no size."""
    counted = {place for one in read_quantities(text) if one.unit for place in range(one.start, one.end)}
    words = {word[0] for word in WORD.finditer(text) if word.start() not in counted}
    return frozenset(value for value in values if words.issuperset(WORD.findall(value)))
