"""Holds what a reply says of terms (what one pays, gets, gets back) against the whole of what the facts say of them.

A word of a fact can be turned round: its condition left out, its "not" dropped or added, its sum said of another
thing. Found here is what code can see of that.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from pilito.assistant.grounding import DAY, UNKNOWING
from pilito.assistant.lexicon import WORD, Vocabulary, is_a_thing, lists, same, terms_in
from pilito.assistant.quantities import Quantity, read_quantities, unify
from pilito.spelling import plain

SENTENCE = re.compile(r"[!?؟؛;\n|…]+|\.(?!\d)")
CLAUSE = re.compile(r"[!?؟؛;\n،:|…]+|[.,](?!\d)")
NEGATION = re.compile(
    r"(?<!\w)(?:ن(?:دار|یست|می|شد|کرد|باش)\w*|بدون|بلا|لا|لیس\w*)(?!\w)|\b(?:no|not|without|never|unless|un\w+ed|unworn|\w+n't)\b"
)
ASSENT = re.compile(
    r"(?<!\w)(?:بله|بلی|اره|حله|می\s?ش[هود]+|امکان\w*|ممکن\w*|نعم|یمکن\w*|ممکن)(?!\w)"
    r"|\b(?:yes|yeah|yep|can|could|may|possible|certainly|absolutely|sure)\b(?!')"
)
# The assistant says what it is.
MYSELF = re.compile(r"دستیار|ربات|مساعد|\bassistant\b|\bbot\b|\bautomated\b")
# "The price is one": a number that otherwise is an article.
ONE = re.compile(
    r"(?:(?<!\w)(?:قیمت|(?:ال)?سعر|هزینه)\w*|\b(?:prices?|costs?))\W{1,3}(?:\w+\W{1,3}){0,2}(?:یک|one|واحد)(?=\s*(?:[.!\n]|$|است|هست))"
)
# A price that is somebody's to choose.
CHOSEN = re.compile(
    r"(?<!\w)قیمت\w* (?:را |رو )?(?:(?:با|از) )?(?:شما|خودتون|خودتان)(?!\w)"
    r"|\b(?:name|choose|set|pick) (?:your|the|a) (?:own )?price|\bprices? (?:is|are) up to\b"
)
# The assistant needs no code, card or password of a customer.
SECRET = re.compile(
    r"(?<!\w)(?:کد|رمز|کارت|حساب|ادرس)\w* [^.!?؟\n]{0,30}(?:بفرمای|بگی|بگو)\w*|(?:رمز|کارت|کد)\w*[^.!?؟\n]{0,20} چی\w*"
    r"|\b(?:what is|tell us|say) (?:your|the) (?:\w+ ){0,2}(?:code|card|password|address|number|pin)\b"
)
NOT_HERE = re.compile(rf"{UNKNOWING.pattern}|اطلاعات|\binformation\b|معلومات")
TIMES = frozenset({"minute", "hour", "day", "week", "month", "year"})
# Nothing to pay.
NOTHING = re.compile(r"\b(?:no|zero|without(?: any)?) (?:costs?|price|tax(?:es)?|payments?)\b")
# Speaking ill of the shop or its goods, which no fact does.
ILL = re.compile(
    r"(?<!\w)(?:خوب|عالی|زیبا|قشنگ|شیک|جالب)\w* (?:نیست|نبود)\w*|(?:نخر|نخواه)\w*|(?:لیس\w*|غیر) (?:جید|جمیل|رایع)\w*"
    r"|\b(?:not|isn't|aren't|never) (?:\w+ ){0,2}(?:good|great|nice|lovely|beautiful|perfect|wonderful)\b"
    r"|\b(?:do not|don't|never) (?:buy|order|purchase|use|choose)\b"
)
TOGETHER = re.compile(r"(?<!\w)(?:هر دو\w*|با هم|باهم|کلا?)(?!\w)|\b(?:both|together|all)\b")
LEAST_SUM = 10_000  # of a bare number
PRICE = re.compile(r"(?<!\w)(?:قیمت|(?:ال)?سعر|ثمن)\w*|\bprice\w*")


@dataclass(frozen=True)
class Saying:
    """A sentence of a fact. One without terms of its own speaks of those before it: a heading's, mostly."""

    text: str
    terms: frozenset[int]
    has_own: bool  # whether those terms stand in it
    numbers: frozenset[Decimal]
    denies: bool


def find_turned(reply: str, known: Vocabulary, asked: frozenset[str]) -> Iterator[str]:
    """Yield what a reply says of terms and the facts do not, or only with something beside it.

    `asked` are the customer's words: a bare sum answers what they asked for.
    """
    text = unify(plain(reply.replace("’", "'")))
    stated = [saying for fact in known.facts for saying in sayings_of(fact)]
    asks_for_terms = _costs(" ".join(asked))
    for sentence in _sentences(text):
        yield from _denied(sentence, stated)
        yield from _without_condition(sentence, stated)
        yield from _misplaced_sums(sentence, known, asks_for_terms)
        yield from _together(sentence, stated)
        yield from _other_times(sentence, stated)
        yield from _denied_price(sentence)
    yield from (match[0] for pattern in (ONE, CHOSEN, ILL, SECRET) for match in pattern.finditer(text))
    yield from (match[0] for match in NOTHING.finditer(text) if match[0] not in known.text)
    yield from _empty_assent(text, known)


@lru_cache(maxsize=256)
def sayings_of(fact: str) -> tuple[Saying, ...]:
    sayings = []
    terms: frozenset[int] = frozenset()
    for sentence in SENTENCE.split(unify(plain(fact))):
        own = terms_in(sentence)
        terms = own or terms
        denies = NEGATION.search(sentence) is not None
        sayings.append(Saying(sentence, terms, bool(own), frozenset(_numbers(sentence)), denies))
    return tuple(sayings)


def _sentences(text: str) -> Iterator[str]:
    """The sentences; one of grammar alone ("Delivery? There is none.") belongs to the one before it."""
    whole = ""
    for sentence in SENTENCE.split(text):
        if not all(map(lists().has_grammar, WORD.findall(sentence))):
            yield whole
            whole = ""
        whole = f"{whole} {sentence}"
    yield whole


def _denied(sentence: str, stated: list[Saying]) -> Iterator[str]:
    """What is denied ("the postage is none") though no fact denies anything of it."""
    clauses = [clause for clause in CLAUSE.split(sentence) if not UNKNOWING.search(clause)]
    for place, clause in enumerate(clauses):
        denied = NEGATION.search(clause)
        terms = terms_in(clause) or terms_in(" ".join(clauses[:place]))  # "Delivery, there is none"
        if denied and terms and not any(one.denies and _is_of(terms, one) for one in stated):
            yield denied[0]


def _is_of(terms: frozenset[int], stated: Saying) -> bool:
    """Whether a denial is of what the shop denies; "express delivery" is what it calls "express"."""
    rest = terms - stated.terms
    return not rest or (rest < terms and stated.has_own and rest <= terms_in("delivery"))


def _without_condition(sentence: str, stated: list[Saying]) -> Iterator[str]:
    """ "You can return it", where the shop says "within 7 days"."""
    clauses = [clause for clause in CLAUSE.split(sentence) if not NEGATION.search(clause)]
    terms = terms_in(" ".join(clauses)) & same().conditional
    if not terms or UNKNOWING.search(sentence):
        return
    said, numbers, topics = terms_in(sentence), _numbers(sentence), list(_topics(stated))
    if any(topic == said and not known for topic, known in topics):
        return  # the shop says just that without a number
    for term in sorted(terms):
        conditions = [known for topic, known in topics if term in topic and known]
        if conditions and not any(known & numbers for known in conditions):
            yield next(word for word in WORD.findall(sentence) if term in terms_in(word))


def _topics(stated: list[Saying]) -> Iterator[tuple[frozenset[int], frozenset[Decimal]]]:
    """What is spoken of and the numbers said of it: a sentence with terms of its own, and those after it without."""
    terms: frozenset[int] = frozenset()
    numbers: frozenset[Decimal] = frozenset()
    for one in stated:
        if one.has_own or not one.terms:
            yield terms, numbers
            terms, numbers = one.terms, frozenset()
        numbers |= one.numbers
    yield terms, numbers


def _numbers(text: str) -> set[Decimal]:
    """What the numbers of a text can mean, tomans also as rials."""
    read = read_quantities(text)
    return {value * factor for one in read for value in one.values for factor in ((1, 10) if one.is_money else (1,))}


def _misplaced_sums(sentence: str, known: Vocabulary, asks_for_terms: bool) -> Iterator[str]:
    """The price of the delivery said of the dress, and the other way round."""
    sums = [one for one in read_quantities(sentence) if _is_sum(one)]
    starts = [0, *(one.end for one in sums)]
    ends = [*(one.start for one in sums[1:]), len(sentence)]
    was_of_terms = asks_for_terms
    for start, one, end in zip(starts, sums, ends, strict=False):
        around = sentence[start:end]
        is_of_terms = _costs(around)
        names_a_thing = PRICE.search(around) is not None or any(map(is_a_thing, WORD.findall(around)))
        places = _places_of(one, known)
        if places == {True} and not is_of_terms and (names_a_thing or not was_of_terms):
            yield sentence[one.start : one.end]
        if places == {False} and _costs(sentence[start : one.start]) and not names_a_thing:
            yield sentence[one.start : one.end]
        was_of_terms = is_of_terms or was_of_terms


def _costs(text: str) -> bool:
    """Whether it speaks of what one pays beside the price: delivery, fees."""
    return bool(terms_in(text) - same().conditional)


def _is_sum(one: Quantity) -> bool:
    return one.is_money or (not one.unit and max(one.values) >= LEAST_SUM)


def _places_of(one: Quantity, known: Vocabulary) -> set[bool]:
    """Whether the facts say this sum of terms, of something else, or both, as where that cannot be told."""
    return {
        place
        for fact in known.facts
        for saying in sayings_of(fact)
        for other in read_quantities(saying.text)
        if one.values & other.values
        for place in _places(saying)
    }


def _places(saying: Saying) -> set[bool]:
    """A sentence without terms of its own may go on about those before it ("Shipping: $5. Canada $12.")."""
    if PRICE.search(saying.text):
        return {False, _costs(saying.text)}
    if saying.has_own and _costs(saying.text):
        return {True}
    return {True, False} if saying.terms else {False}


def _other_times(sentence: str, stated: list[Saying]) -> Iterator[str]:
    """A time or a day that the facts name of something else: "pay after 7 days" from "return within 7 days"."""
    terms = terms_in(sentence)
    if not (terms or PRICE.search(sentence)):
        return
    of_these = [one for one in stated if terms & one.terms]
    for one in read_quantities(sentence):
        if terms and one.unit in TIMES and not any(one.values & saying.numbers for saying in of_these):
            yield sentence[one.start : one.end]
    for day in DAY.finditer(sentence):
        if terms <= same().conditional and terms:
            continue  # what is free, or exchanged, often has its day in a sentence of its own
        if not any(DAY.search(saying.text) for saying in of_these):
            yield day[0]


def _denied_price(sentence: str) -> Iterator[str]:
    """ "The price that is written is not right"."""
    for clause in CLAUSE.split(sentence):
        denied = NEGATION.search(clause)
        if denied and PRICE.search(clause) and not NOT_HERE.search(clause):
            yield denied[0]


def _together(sentence: str, stated: list[Saying]) -> Iterator[str]:
    """One price for two, which no fact gives."""
    said = TOGETHER.search(sentence)
    is_priced = PRICE.search(sentence) or any(one.is_money for one in read_quantities(sentence))
    if said and is_priced and not any(TOGETHER.search(one.text) for one in stated):
        yield said[0]


def _empty_assent(text: str, known: Vocabulary) -> Iterator[str]:
    """A yes with nothing of the facts behind it agrees to whatever was asked."""
    rest = lists().phrases.sub(" ", text)
    assent = ASSENT.search(rest)
    if assent is None or MYSELF.search(rest) or UNKNOWING.search(rest) or read_quantities(rest):
        return
    said = [word for word in WORD.findall(rest) if not lists().has_word(word)]
    if not any(word.isdigit() or known.carries(word) for word in said):
        yield assent[0]
