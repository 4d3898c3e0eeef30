"""Holds the days and hours of a reply against those of the facts: which day has which hours, which one is closed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pilito.assistant.grounding import DAY, claims_of
from pilito.assistant.quantities import unify
from pilito.assistant.sayings import SENTENCE, Bound, Stated, bounds_in, countable, stated, statements_in
from pilito.assistant.statements import CLOCKS, is_stated
from pilito.spelling import plain

LAST_HOUR = 24
CLOSED = re.compile(
    r"(?<!\w)(?:(?:تعطیل|بسته|مغلق)\w*|(?:به |ب)جز|غیر از|(?:ما )?عدا)(?!\w)|\b(?:closed|except|excluding)\b"
)
OPENED = re.compile(rf"{CLOSED.pattern}|(?<!\w)(?:باز|مفتوح|نفتح)\w*|\b(?:close|closes|open|opens)\b")


@dataclass(frozen=True)
class Opening:
    """Days, with the hours that are said of them or that they are closed."""

    days: frozenset[str]
    hours: tuple[Bound, ...]
    stated: Stated
    is_closed: bool
    text: str


def find_other_hours(text: str, known: tuple[str, ...]) -> Iterator[str]:
    """Yield the days that are said to be open at hours, or closed, which the facts name of other days."""
    openings = [one for fact in known for one in _openings_of(fact)]
    for said in _openings(text):
        if (said.hours or said.is_closed) and not any(_opens(one, said) for one in openings):
            yield said.text.strip()


def _opens(known: Opening, said: Opening) -> bool:
    is_of_these = said.days <= known.days and said.is_closed == known.is_closed
    return is_of_these and all(is_stated(known.stated, hour) for hour in said.hours)


@lru_cache(maxsize=256)
def _openings_of(fact: str) -> tuple[Opening, ...]:
    return tuple(_openings(unify(plain(fact))))


def _openings(text: str) -> Iterator[Opening]:
    """One as soon as both are named: "Saturday to Wednesday 10 to 20", "10 to 14 on Thursdays", "closed on Friday"."""
    days, hours = "", ""
    for sentence in SENTENCE.split(text):
        for part in statements_in(countable(sentence)):
            is_timed = bool(_hours(part)) or OPENED.search(part) is not None
            days = f"{days} {part}" if DAY.search(part) else days
            hours = part if is_timed else hours
            if days and hours:
                whole = days if hours in days else f"{days} {hours}"
                told = tuple(_hours(hours))
                closed = CLOSED.search(whole) is not None and not told  # "except Fridays from 14:00" has hours
                yield Opening(frozenset(claims_of(days).days), told, stated(told), closed, whole)
                days = hours = ""


def _hours(part: str) -> list[Bound]:
    bounds = (one for one in bounds_in(part) if one.quantity.unit in CLOCKS and not one.is_size)
    return [one for one in bounds if max(one.values) <= LAST_HOUR]
