"""Of what a text says that it is free: the delivery, returns, the wrapping. "Free returns" make no delivery free.

Works on `spelling.plain` text in which numbers are `unify`-ed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from pilito.assistant.lexicon import WORD, lists, stems_of, terms_in
from pilito.assistant.quantities import read_quantities, unify
from pilito.assistant.restrictions import restrictions_in, stems_in
from pilito.assistant.sayings import EVENT, SENTENCE, carriers, delivery, statements_in
from pilito.spelling import plain

# What shops give for nothing beside the terms of `words/same.txt`.
THINGS = {
    "wrapping": (
        r"(?:بسته بندی|کادو|کادویی|کادوپیچ\w*|جعبه|پاکت|ساک)(?!\w)"  # fa
        r"|\b(?:(?:gift )?(?:wrap|wrapping|packaging|packing|box|boxes|bag))\b"  # en
        r"|(?<!\w)(?:ال)?(?:تغلیف|علبه)(?!\w)"  # ar
    ),
    "advice": r"(?<!\w)مشاور\w*|\bconsult\w*|\badvice\b|(?<!\w)(?:ال)?استشار\w*",
    "fitting": r"(?<!\w)(?:نصب|مونتاژ)\w*|\b(?:install|assembl|mount)\w*|(?<!\w)(?:ال)?ترکیب(?!\w)",
    "sample": r"(?<!\w)(?:نمونه|تستر)(?!\w)|\b(?:samples?|testers?|trials?)\b|(?<!\w)(?:ال)?عین(?:ه|ات)(?!\w)",
    "work": (
        r"(?<!\w)(?:دوخت|خیاطی|حکاکی|حک|تعمیر\w*|شارژ مجدد|سرویس)(?!\w)"
        r"|\b(?:alter(?:ation)?s?|hemming|engrav\w*|repairs?|cleaning|services?)\b|(?<!\w)(?:ال)?(?:نقش|تصلیح)(?!\w)"
    ),
    "visit": (
        r"تحویل (?:حضوری|در (?:محل )?(?:فروشگاه|مغازه|شوروم))|(?<!\w)حضوری(?!\w)"
        r"|\b(?:(?:store|local|in[- ]store) )?(?:pick ?-?up|collection)\b|استلام من"
    ),
}
NAMED = {name: re.compile(words) for name, words in THINGS.items()}
# Who collects it, or sends it back, has nothing delivered.
NO_DELIVERY = (
    (re.compile(r"تحویل (?=حضوری|در (?:محل )?(?:فروشگاه|مغازه|شوروم))"), ""),
    (re.compile(r"\b(returns?|exchanges?) (?:shipping|delivery|postage)\b"), r"\1"),
    (re.compile(r"\b(?:shipping|delivery|postage) (?:of|for|on) (?=(?:all )?(?:returns?|exchanges?)\b)"), ""),
    (re.compile(r"(?<!\w)(?:ارسال|پست) (?=(?:کالای |سفارش )?(?:مرجوع|تعویض|برگشت))"), ""),
)
# The post that brings it, not the one on Instagram, and what else is said of sending alone.
SENT = re.compile(
    r"(?<!این )(?<!\w)پست(?: پیشتاز| سفارشی)?(?!\w)(?! (?:های|ها|قبل|بعد|اینستا))|(?<!\w)(?:میفرستیم|فرستیم)"
    r"|\b(?:postage|sends?|sent|mail(?:ed)?|dispatch(?:ed)?)\b|(?<!\w)(?:ال)?برید(?!\w)"
)
# How one pays, and that one does, is no matter of its own.
MEANS = "free discount fee payment money"
BESIDE = frozenset({"the", "our", "all", "هر", "همه", "ها", "های"})


@dataclass(frozen=True)
class Told:
    """A sentence of a fact, and of which matters it speaks, also by the heading or the sentence before it."""

    text: str
    matters: frozenset[int | str]
    own: frozenset[int | str]


@lru_cache(maxsize=256)
def told_in(fact: str) -> tuple[Told, ...]:
    told = []
    before: frozenset[int | str] = frozenset()
    text = unify(plain(fact))
    heading = _heading(text)
    for sentence in filter(str.strip, SENTENCE.split(text)):
        own = matters_in(sentence)
        before = own or before
        told.append(Told(sentence, own or before | heading, own))
    return tuple(told)


def _heading(text: str) -> frozenset[int | str]:
    """What a first line that is one of its own, and names no number, makes those speak of that name no matter."""
    first, _, rest = text.strip().partition("\n")
    return matters_in(first) if rest and not any(map(str.isdigit, first)) else frozenset()


@lru_cache(maxsize=1024)
def matters_in(text: str) -> frozenset[int | str]:
    rest = EVENT.sub(" ", text)
    found: set[int | str] = {name for name, pattern in NAMED.items() if pattern.search(rest)}
    for pattern, kept in NO_DELIVERY:
        rest = pattern.sub(kept, rest)
    found |= terms_in(rest) - _means()
    if found & carriers() or SENT.search(rest):
        found = (found - carriers()) | delivery()
    return frozenset(found)


@cache
def _means() -> frozenset[int]:
    return terms_in(MEANS)


@cache
def _gifts() -> frozenset[int]:
    return terms_in("gift warranty discount free")


@dataclass(frozen=True)
class Part:
    """What a reply says in one breath, and of which matters."""

    text: str
    matters: frozenset[int | str]


def part_at(sentence: str, start: int) -> Part:
    """Return the part of a reply's sentence with the word at `start`, which may be said of a list around it.

    "Returns and exchanges are free" speaks of both; "it takes 3 days, and wrapping is free" of the wrapping alone. A
    part that names no matter goes on about the one before it.
    """
    parts = _parts(sentence)
    last = len(parts) - 1
    place = next((number for number, (begin, part) in enumerate(parts) if start < begin + len(part)), last)
    first, last = place, place + 1
    while first and _is_a_list(parts[first - 1][1]):
        first -= 1
    while last < len(parts) and _is_a_list(parts[last][1]):
        last += 1
    said = " ".join(part for _, part in parts[first:last])
    before = (matters_in(part) for _, part in reversed(parts[:first]))
    return Part(said, matters_in(said) or next(filter(None, before), frozenset()))


@lru_cache(maxsize=64)
def _parts(sentence: str) -> tuple[tuple[int, str], ...]:
    """Each with the place where it begins."""
    parts, begin = [], 0
    for part in statements_in(sentence):
        begin = sentence.index(part, begin)
        parts.append((begin, part))
        begin += len(part)
    return tuple(parts)


def _is_a_list(part: str) -> bool:
    """Whether it names matters and says nothing of them. A gift is said to be one, and no matter."""
    words = WORD.findall(part)
    return all(word in BESIDE or terms_in(word) - _gifts() or SENT.search(word) for word in words)


def contrasts(said: str, one: Told, told: tuple[Told, ...], elsewhere: Iterable[Told] = ()) -> bool:
    """Whether a word of the reply stands in another sentence of the fact on the same matter, and not in this one.

    "Delivery in Tehran is free. Delivery elsewhere is $6." makes none elsewhere free. Of the sentences of other facts,
    `elsewhere`, those count that name a sum: "Delivery to Shiraz takes 3 days" says nothing against it.
    """
    here = _stems_in(one.text)
    beside = [*(other for other in told if other is not one), *filter(_names_a_sum, elsewhere)]
    others = [_stems_in(other.text) for other in beside if other.own & one.matters]
    return any(
        stems_of(word).isdisjoint(here) and any(not stems_of(word).isdisjoint(other) for other in others)
        for word in _telling(said)
    )


def _names_a_sum(one: Told) -> bool:
    return any(each.is_money or each.multiplier > 1 for each in read_quantities(one.text))


def is_of_others(one: Told, words: Iterable[str]) -> bool:
    """Whether the fact's sentence says it of some only, and none of these words names them.

    "Free delivery, only in Tehran" makes free what is sent to Tehran. An "only" of another matter says nothing here:
    "payment by card only".
    """
    known = stems_in(words)
    found = (each for each in restrictions_in(one.text) if not each.terms or each.terms & _gifts())
    return any(each.leaves_out(known) for each in found)


def shares_words(said: str, one: Told) -> bool:
    """Whether the reply names something that the fact's sentence names: "The first 20 minutes are free"."""
    here = _stems_in(one.text)
    return any(not stems_of(word).isdisjoint(here) for word in _telling(said))


def _telling(said: str) -> list[str]:
    return [
        word
        for word in WORD.findall(said)
        if not lists().has_grammar(word) and not terms_in(word) and not any(map(str.isdigit, word))
    ]


@lru_cache(maxsize=1024)
def _stems_in(text: str) -> frozenset[str]:
    return frozenset().union(*map(stems_of, WORD.findall(text)))
