"""Holds each statement of a reply about terms against one of the facts: its numbers, their direction, its "not".

`terms.py` asks whether terms are told whole; here it is asked whether they are told as the shop tells them: "after
7 days" is not "within 7 days", "2 days" not "2 to 4 days", and what the shop refuses is not offered.
"""

import re
from collections.abc import Iterator
from functools import cache

from pilito.assistant.lexicon import WORD, is_a_thing, terms_in
from pilito.assistant.quantities import MONEY
from pilito.assistant.sayings import (
    NOTHING,
    PLACES,
    PRICE,
    Bound,
    Direction,
    Saying,
    Stated,
    bounds_in,
    countable,
    statements_in,
    topics_in,
    turns_in,
)

TIMES = frozenset({"minute", "hour", "day", "week", "month", "year"})
NAMED = MONEY | set(PLACES.values())  # what a number without a unit may stand for
EVERY = "every"
CLOCKS = frozenset({"", "clock", "hour"})
# "Open 24 hours" is not said by "delivery within 24 hours".
OPEN = re.compile(
    r"(?<!\w)(?:باز(?:یم|ه|ند?)?|مفتوح\w*|نفتح|ساعت\w* (?:ی )?کار\w*|ساعات العمل|الدوام)(?!\w)"
    r"|\bopen\w*|\b(?:working|business) hours\b"
)
ENDS = frozenset({Direction.OVER, Direction.UNDER, Direction.LOW, Direction.HIGH})
BEGINS = re.compile(r"(?<!\w)(?:شروع|اغاز|(?:ال)?بدایه|[یت]بدا)|\b(?:start|begin)\w*")
# The directions in which a fact may say what a reply says in the first one.
CARRIED_BY = {
    Direction.NONE: frozenset(Direction) - {Direction.AFTER},
    Direction.WITHIN: frozenset({Direction.NONE, Direction.WITHIN, Direction.HIGH}),
    Direction.AFTER: frozenset({Direction.AFTER}),
    Direction.BEFORE: frozenset({Direction.BEFORE}),
    Direction.OVER: frozenset({Direction.OVER, Direction.LOW}),
    Direction.UNDER: frozenset({Direction.UNDER, Direction.HIGH}),
    Direction.LOW: frozenset({Direction.OVER, Direction.LOW}),
    Direction.HIGH: frozenset({Direction.WITHIN, Direction.HIGH}),
}


def find_misstated(sentence: str, stated: list[Saying]) -> Iterator[str]:
    """Yield the numbers and the words of direction that no statement of the facts has of the same terms."""
    about, whole = NOTHING, topics_in(sentence)
    is_open = False
    for statement in statements_in(countable(sentence)):
        own = topics_in(statement)
        about = own or about
        said_of = (about or whole) - _fees()
        of_these = [one for one in stated if said_of <= one.about]
        # Also of what goes on about it: "Opening hours: 24 hours".
        is_open = not terms_in(statement) and (is_open or OPEN.search(statement) is not None)
        bounds = list(bounds_in(statement))
        for bound in bounds:
            lasts = is_open and bound.quantity.unit == "hour"
            known = (one.bounds for one in of_these if not (lasts and _is_of_else(one)))
            if _is_held(bound, statement, own, said_of) and not any(is_stated(one, bound) for one in known):
                yield bound.text
        for kind, word in turns_in(statement) if about else ():
            if kind == EVERY and any(bound.direction for bound in bounds):
                continue  # "all orders over $80" are not all
            if not any(kind in one.turns for one in of_these):
                yield word


def _is_of_else(known: Saying) -> bool:
    """Whether it speaks of terms, and not of when the shop is open."""
    return bool(terms_in(known.text)) and not OPEN.search(known.text)


@cache
def _fees() -> frozenset[int]:
    return terms_in("fee")


def _is_held(bound: Bound, statement: str, own: frozenset[int], said_of: frozenset[int]) -> bool:
    """Times and "over $80" always; other sums, percents and bare numbers where the statement speaks of terms itself."""
    one = bound.quantity
    if bound.is_size:
        return False
    if one.is_money or one.unit == "percent":
        if bound.direction in (Direction.OVER, Direction.UNDER):
            return bool(said_of)
        return bool(terms_in(statement)) and (bound.direction is not Direction.NONE or not _is_priced(statement))
    return one.unit in TIMES or (one.unit in CLOCKS | set(PLACES.values()) and bool(own))


def _is_priced(statement: str) -> bool:
    """Whether a price may stand in it; which sum is whose is looked at in `terms.py`."""
    return PRICE.search(statement) is not None or any(map(is_a_thing, WORD.findall(statement)))


def is_stated(known: Stated, said: Bound) -> bool:
    """Whether facts say a number in the direction of the reply."""
    return any(_is_said(said, *one) for value in said.values for one in known.get(value, ()))


def find_half_priced(sentence: str, stated: list[Saying]) -> Iterator[str]:
    """Yield the sums told as they are of which all facts say that it begins or ends there: "from $80" is not "$80"."""
    if BEGINS.search(sentence):
        return
    for bound in bounds_in(countable(sentence)):
        if bound.quantity.is_money and bound.direction is Direction.NONE:
            known = (one.bounds.get(value, ()) for one in stated for value in bound.values)
            directions = {direction for each in known for _, direction in each}
            if directions and directions <= ENDS:
                yield bound.text


def _is_said(said: Bound, unit: str, direction: Direction) -> bool:
    """Whether what a fact says of the same value, by its unit and direction, is what the reply says."""
    units = {said.quantity.unit, unit}
    if len(units) > 1 and not units <= CLOCKS and not ("" in units and not units.isdisjoint(NAMED)):
        return False
    return direction in CARRIED_BY[said.direction] and not _is_half(said, direction)


def _is_half(said: Bound, direction: Direction) -> bool:
    """Whether a bare number leaves out what the fact says of it: "2 days" of "2 to 4", "for $80" of "over $80"."""
    if said.direction is not Direction.NONE:
        return False
    one = said.quantity
    is_end_of_time = one.unit in TIMES and direction is Direction.LOW
    return is_end_of_time or (one.is_money and direction in (Direction.OVER, Direction.UNDER))
