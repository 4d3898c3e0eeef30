"""Reads what a text says of terms, sentence by sentence: of what, with which numbers, in which direction.

"Within 7 days", "after 7 days" and "7 days before" hold the same words of the same facts; what they say is in the
direction of the number. Works on `spelling.plain` text in which numbers are `unify`-ed.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import cache, lru_cache
from itertools import pairwise

from pilito.assistant.denials import is_denied
from pilito.assistant.grounding import DAY, claims_of
from pilito.assistant.lexicon import subjects_in, terms_in
from pilito.assistant.quantities import AND, LABELS, TO, Quantity, read_quantities, unify
from pilito.spelling import plain

SENTENCE = re.compile(r"[!?؟؛;\n|…]+|\.(?!\d)")
CLAUSE = re.compile(r"[!?؟؛;\n،:|…]+|[.,](?!\d)")
JOINT = re.compile(r"(?<!\w)(?:و|ولی|اما|and|but|while|plus|لکن)(?!\w)|[()]|\s[-–—]\s(?!\d)")
PRICE = re.compile(r"(?<!\w)(?:قیمت|(?:ال)?سعر|ثمن)\w*|\bprice\w*")
BETWEEN = re.compile(r"(?<!\w)(?:between|بین)\W{1,3}$")
PART = re.compile(rf"{CLAUSE.pattern}|{JOINT.pattern}")
SIZES = "|".join(sorted(LABELS - {"کد", "code", "شماره", "number", "no"}))
LABELLED = re.compile(rf"(?<!\w)(?:{SIZES}|مدل|model|version)\W{{1,3}}$")
NOTHING: frozenset[int] = frozenset()
END = (10**9, 10**9)
ONE, TEN, TENTH = Decimal(1), Decimal(10), Decimal("0.1")
IN_OTHER_MONEY = {  # «ريال» is one word in Arabic, whose ever it is
    "toman": (("rial", TEN),),
    "rial": (("toman", TENTH), ("riyal", ONE)),
    "riyal": (("rial", ONE),),
}
SIGNS = "$€£"  # of money, in front of the higher end: "$100 to $150"
OPEN = 40  # characters in front of a number that are looked at


# What a number in an address is the number of.
PLACES = {
    "خیابان": "street", "street": "street", "شارع": "street", "کوچه": "lane", "lane": "lane", "پلاک": "door",
    "no": "door", "واحد": "unit", "unit": "unit", "طبقه": "floor", "floor": "floor",
}  # fmt: skip
PLACED = re.compile(rf"(?<!\w)({'|'.join(PLACES)})\W{{1,3}}$")


class Direction(StrEnum):
    NONE = ""
    WITHIN = "within"
    AFTER = "after"
    BEFORE = "before"
    OVER = "over"
    UNDER = "under"
    LOW = "low"  # the lower end of a range, told together with the higher one
    HIGH = "high"


Stated = dict[Decimal, set[tuple[str, Direction]]]
FILLER = (
    r"(?:the|your|a|an|about|only|just|first|next|orders?|purchases?|of|to|spending|is|"
    r"ساعت|الساعه|خرید|خریدهای|سفارش|سفارش های|مبلغ|سقف|مدت|گذشت|حدود|فقط|اول|حدودا|مجموع|طلبات|الطلبات|های)"
)
IN_FRONT = {
    Direction.AFTER: "after|beyond|past|بعد از|بعد|پس از|پس",
    Direction.BEFORE: "before|prior to|قبل از|پیش از|قبل",
    Direction.WITHIN: "within|in|during|inside|up to|until|till|by|maximum|max|at most|no later than|to|"
    "تا|ظرف|طی|حداکثر|نهایتا|خلال|حتی|غضون|در|الی",
    Direction.OVER: "over|above|from|more than|at least|minimum|min|exceeding|exceeds?|start(?:s|ing)? at|beyond|"
    "بالای|بالاتر از|بیش از|بیشتر از|حداقل|دست کم|فوق|اکثر من|اعلی من|تتجاوز|از|من",
    Direction.UNDER: "under|below|less than|fewer than|کمتر از|زیر|پایین|پایین تر از|تحت|اقل من|دون",
}
FRONT = re.compile(
    r"(?<!\w)(?:"
    + "|".join(f"(?P<{direction.value}>{words})" for direction, words in IN_FRONT.items())
    + rf")(?:\W{{1,3}}{FILLER}){{0,2}}\W{{1,3}}$"
)
BEHIND = re.compile(
    r"\W{0,3}(?:(?P<after>later|thereafter|بعد(?! از)|بعدش|لاحقا)"
    r"|(?P<before>before|earlier|in advance|ahead|ago|قبل|پیش|مسبقا)"
    r"|(?P<over>or more|and (?:up|over|above|more)|به بالا|و بالاتر|یا بیشتر|فما فوق|\+)"
    r"|(?P<under>or less|and (?:below|under|less)|به پایین|و پایین تر|یا کمتر|فاقل|او اقل))(?!\w)"
)
# What turns a statement round without a number: the fact must have one of the same kind.
TURNS = {
    "after": r"after(?:wards?)?|later|afterward|بعد|بعدا|بعدش|پس از|سپس|لاحقا",
    "before": r"before(?:hand)?|in advance|upfront|قبل|قبلا|پیش از|پیشاپیش|مسبقا",
    "even": r"even|regardless|حتی(?! \d)|هرچند|ولو",
    "every": r"all|every\w*|any(?:where|one|thing|time)?|always|worldwide|whatever|whenever|wherever|"
    r"همه\w*|هر(?! دو| سه| کدام| کدوم)|هرجا|هرچه|هرچی|تمام\w*|سراسر|کل|همیشه|جمیع",
    "at_once": r"same[ -]day|next[ -]day|overnight|immediate\w*|instant\w*|همان روز|همون روز|روز بعد(?! از)|فور\w*|انی"
    r"|نفس الیوم|الیوم التالی",
}
TURN = re.compile(rf"(?<!\w)(?:{'|'.join(f'(?P<{kind}>{words})' for kind, words in TURNS.items())})(?!\w)")
# "7 days of delivery", "پس از تحویل": when something counts from, not what is spoken of.
EVENT = re.compile(
    r"\b(?:after|of|from|since|upon|following)\s(?:the\s|your\s)?"
    r"(?:delivery|receipt|arrival|order|purchase|shipping|payment|shipment)\b"
    r"|(?<!\w)(?:پس از|بعد از|از زمان|از تاریخ|از لحظه|از روز)\s(?:ارسال|تحویل|دریافت|رسیدن|پرداخت|خرید|سفارش)\w*"
    r"|(?<!\w)(?:من|بعد|قبل)\s(?:تاریخ\s|وقت\s)?(?:ال)?(?:استلام|شحن|توصیل|شراء)\w*"
)
# Days and hours are of when the shop is open, where nothing else is said of them.
HOURS = re.compile(
    rf"(?<!\w)ساعت\w* (?:کار|باز)|(?:{DAY.pattern})\W{{1,3}}(?:[^\W\d]+\W{{1,3}}){{0,4}}\d{{1,2}}(?![\d/])"
)


@dataclass(frozen=True)
class Bound:
    """A number as it is said of something."""

    quantity: Quantity
    direction: Direction
    text: str
    is_size: bool = False  # "size 40" counts nothing of terms

    @property
    def values(self) -> frozenset[Decimal]:
        return self.quantity.values


@dataclass(frozen=True)
class Saying:
    """A sentence of a fact. One without terms of its own speaks of those before it: a heading's, mostly."""

    text: str
    terms: frozenset[int]
    has_own: bool  # whether those terms stand in it
    numbers: frozenset[Decimal]
    denies: bool
    about: frozenset[int]  # its terms and subjects, with those that it goes on about
    bounds: Stated
    turns: frozenset[str]


@lru_cache(maxsize=256)
def sayings_of(fact: str) -> tuple[Saying, ...]:
    sayings = []
    terms, before = NOTHING, NOTHING
    text = unify(plain(fact))
    heading = _heading(text)
    for sentence in SENTENCE.split(text):
        own, topics = terms_in(sentence), topics_in(sentence)
        terms = own or terms
        before = topics | (before if topics <= _dependent() else NOTHING)
        sayings.append(
            Saying(
                sentence,
                terms,
                bool(own),
                frozenset(numbers_in(sentence)),
                is_denied(sentence),
                heading | before | (delivery() if before & carriers() else NOTHING),
                stated(bounds_in(countable(sentence))),
                frozenset(kind for kind, _ in turns_in(sentence)),
            )
        )
    return tuple(sayings)


def _heading(text: str) -> frozenset[int]:
    """What the first line says that all the others are about, where it is a line of its own and names no number."""
    first, _, rest = text.strip().partition("\n")
    return topics_in(first) if rest and not any(map(str.isdigit, first)) else NOTHING


@cache
def _dependent() -> frozenset[int]:
    """What is said of something else: "Delivery is $6. Free over $150."."""
    return terms_in("free discount fee")


@cache
def carriers() -> frozenset[int]:
    """Who brings it: what is said of them is said of the delivery, but not the other way round."""
    return terms_in("courier pishtaz tipax chapar express")


@cache
def delivery() -> frozenset[int]:
    return terms_in("delivery")


def countable(text: str) -> str:
    """The text without its dates, phones, links and codes, whose digits count nothing."""
    return claims_of(text).countable


def topics_in(text: str) -> frozenset[int]:
    """Terms and subjects, but for what only tells when something counts from."""
    rest = EVENT.sub(" ", text)
    hours = subjects_in("hours") if HOURS.search(rest) else frozenset()
    return terms_in(rest) | subjects_in(rest) | hours


def numbers_in(text: str) -> set[Decimal]:
    """What the numbers of a text can mean, tomans also as rials."""
    read = read_quantities(text)
    return {value * factor for one in read for value in one.values for factor in ((1, 10) if one.is_money else (1,))}


def bounds_in(text: str) -> Iterator[Bound]:
    """Each number with its direction; the two ends of a range know of each other."""
    found = read_quantities(text)
    ends = dict(_ends(found, text))
    is_size = False
    for place, one in enumerate(found):
        front = text[max(0, one.start - OPEN) : one.start]
        is_size = LABELLED.search(front) is not None or (is_size and ends.get(place) is Direction.HIGH)
        direction = ends.get(place) or _direction(front, text[one.end : one.end + OPEN])
        if direction is Direction.LOW and not one.unit:
            one = replace(one, unit=found[place + 1].unit)  # "between 2 and 4 days"
        if not one.unit and (placed := PLACED.search(front)):
            one = replace(one, unit=PLACES[placed[1]])
        yield Bound(one, direction, text[one.start : one.end], is_size)


def stated(bounds: Iterable[Bound]) -> Stated:
    """What facts say of each value, to be looked up: its units and directions, tomans also as rials."""
    found: dict[Decimal, set[tuple[str, Direction]]] = {}
    for bound in bounds:
        unit = bound.quantity.unit
        for value in bound.values:
            found.setdefault(value, set()).add((unit, bound.direction))
            for other, factor in IN_OTHER_MONEY.get(unit, ()):
                found.setdefault(value * factor, set()).add((other, bound.direction))
    return found


def _ends(found: list[Quantity], text: str) -> Iterator[tuple[int, Direction]]:
    for place, (low, high) in enumerate(pairwise(found)):
        joint = text[low.end : high.start].strip(f"{SIGNS} ")
        is_between = joint in AND and BETWEEN.search(text[max(0, low.start - OPEN) : low.start])
        if (joint in TO or is_between) and min(low.values) < max(high.values):
            yield from ((place, Direction.LOW), (place + 1, Direction.HIGH))


def _direction(front: str, behind: str) -> Direction:
    match = BEHIND.match(behind) or FRONT.search(front)
    return Direction(match.lastgroup) if match and match.lastgroup else Direction.NONE


def turns_in(text: str) -> Iterator[tuple[str, str]]:
    """(kind, word) of what turns a statement round beside its numbers. "7 days after it came" is "within 7 days"."""
    counted = {one.end for one in read_quantities(text)}
    for match in TURN.finditer(text):
        if match.lastgroup == "after" and any(end <= match.start() <= end + 2 for end in counted):
            continue
        yield match.lastgroup or "", match[0]


def statements_in(sentence: str) -> Iterator[str]:
    """The parts of a sentence that each state something: a list's and a conjunction's, numbers and ranges whole."""
    whole = iter(_whole(sentence))
    first, last = next(whole, END)
    start = 0
    for match in PART.finditer(sentence):
        while last <= match.start():
            first, last = next(whole, END)
        if first < match.start():
            continue
        yield sentence[start : match.start()]
        start = match.end()
    yield sentence[start:]


def _whole(sentence: str) -> list[tuple[int, int]]:
    """Where the numbers stand, with those that only "to" or "and" parts as one."""
    spans: list[tuple[int, int]] = []
    for one in read_quantities(sentence):
        if spans and sentence[spans[-1][1] : one.start].strip() in AND | TO:
            spans[-1] = (spans[-1][0], one.end)
        else:
            spans.append((one.start, one.end))
    return spans
