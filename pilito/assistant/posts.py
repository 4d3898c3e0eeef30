"""Which products a caption is about: by a SKU in it, or by a name, and only where that is sure enough to propose it.

And whether the prices of a caption and of a product agree.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pilito.assistant.quantities import Quantity, read_quantities, unify
from pilito.lifecycle import FoundBy
from pilito.spelling import plain

WORD = re.compile(r"[^\W_]+")
TOKEN = re.compile(r"[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?|[^\W_]+")
# A code of digits alone looks like a price, a size, a phone: it must be called a code.
CALLED = re.compile(r"(?:کد|کدکالا|شناسه|مدل|code|sku|ref|art|model|رمز)\W{0,3}(?:کالا|محصول|no|number)?\W{0,3}$")
LEAST_CODE = 3
LEAST_WORDS = 2  # "dress" is in every caption
BETWEEN = 3  # words that may stand between those of a name: «کیف دوشی چرم طبیعی کارون»
LONGEST_CAPTION = 4000
MOST_PRODUCTS = 6  # a caption that names more is a list


@dataclass(frozen=True)
class Item:
    """A product as it is looked for."""

    product_id: int
    name: str
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Match:
    product_id: int
    how: FoundBy


class Shelf:
    """Products by their codes and by the words of their names: made once, asked for many captions."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._by_code: dict[str, set[int]] = defaultdict(set)
        self._by_word: dict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
        for item in items:
            for code in item.codes:
                if len(read := plain(code).strip()) >= LEAST_CODE:
                    self._by_code[read].add(item.product_id)
            name = _words(item.name)
            if len(name) >= LEAST_WORDS:
                self._by_word[name[0]].append((name, item.product_id))

    def matches(self, caption: str) -> list[Match]:
        """Return the products that a caption names, those by a code first; none where it names very many."""
        text = plain(caption[:LONGEST_CAPTION])
        coded = dict.fromkeys(self._coded(text))
        named = [number for number in self._named(text) if number not in coded]
        found = [*(Match(number, FoundBy.SKU) for number in coded), *(Match(number, FoundBy.NAME) for number in named)]
        return found if len(found) <= MOST_PRODUCTS else []

    def _coded(self, text: str) -> list[int]:
        found: list[int] = []
        for match in TOKEN.finditer(text):
            numbers = self._by_code.get(match[0], set())
            is_named = not match[0].isdigit() or CALLED.search(text[: match.start()])
            if len(numbers) == 1 and is_named:  # a code that two products have tells neither
                found += numbers
        return found

    def _named(self, text: str) -> list[int]:
        names: dict[tuple[str, ...], set[int]] = defaultdict(set)
        for line in text.splitlines():
            words = _words(line)
            for start, word in enumerate(words):
                for name, number in self._by_word.get(word, ()):
                    if _follow(name, words[start : start + len(name) + BETWEEN]):
                        names[name].add(number)
        whole = [name for name in names if not any(_is_part(name, other) for other in names)]
        # Two products of one name: which one is the owner's to say.
        return [next(iter(names[name])) for name in whole if len(names[name]) == 1]


def _words(text: str) -> tuple[str, ...]:
    return tuple(WORD.findall(plain(text)))


def _follow(name: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether the words of a name stand among these in their order."""
    rest = iter(words)
    return all(word in rest for word in name)


def _is_part(name: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return name != other and set(name) < set(other)


# --- prices ----------------------------------------------------------------------------------------------------------

CONTEXT = re.compile(r"\[CONTEXT:.*?\[/CONTEXT\]", re.DOTALL)
ASKS_PRICE = re.compile(
    r"(?<!\w)(?:(?:قیمت|چند|چقدر|هزینه|مبلغ|سعر|السعر|ثمن)\w*|ب?کم(?!\w))"
    r"|\b(?:price|how much|cost|gh?ey?mat|chand)\w*"
)
RIALS: Mapping[str, int] = {"toman": 10, "rial": 1}


def asks_price(question: str) -> bool:
    """Whether the customer asks what something costs; what a shared post says is no question."""
    return ASKS_PRICE.search(plain(CONTEXT.sub(" ", question))) is not None


def prices_of(text: str) -> list[Quantity]:
    """Return the sums of money that a text names."""
    return [one for one in read_quantities(unify(plain(text))) if one.is_money]


def differs(caption: str, product_text: str) -> bool:
    """Whether the caption names prices of which none is the product's; False where one of the two names none."""
    said, known = prices_of(caption), prices_of(product_text)
    if not said or not known:
        return False
    return not any(_amounts(one) & _amounts(other) for one in said for other in known)


def _amounts(quantity: Quantity) -> set[tuple[str, Decimal]]:
    """What the quantity can mean, toman in rials; "850" of toman may mean thousands, as shops write it."""
    factor = RIALS.get(quantity.unit)
    if factor is None:
        return {(quantity.unit, value) for value in quantity.values}
    meant = quantity.values | ({value * 1000 for value in quantity.values if value < 10_000} if factor == 10 else set())
    return {("rial", value * factor) for value in meant}
