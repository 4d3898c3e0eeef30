"""Holds what a reply says of terms (what one pays, gets, gets back) against the whole of what the facts say of them.

A word of a fact can be turned round: its condition left out, its "not" dropped or added, its sum said of another
thing. Found here is what code can see of that.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from pilito.assistant.denials import NEGATION
from pilito.assistant.grounding import DAY, UNKNOWING
from pilito.assistant.lexicon import WORD, Vocabulary, is_a_thing, lists, same, terms_in
from pilito.assistant.number_owners import find_numbers_of_others
from pilito.assistant.openings import find_other_hours
from pilito.assistant.product_prices import find_other_prices, is_sum
from pilito.assistant.quantities import Quantity, read_quantities, unify
from pilito.assistant.refusals import find_offered, unasked
from pilito.assistant.restrictions import find_unrestricted
from pilito.assistant.sayings import (
    CLAUSE,
    PRICE,
    SENTENCE,
    Bound,
    Direction,
    Saying,
    bounds_in,
    numbers_in,
    sayings_of,
)
from pilito.assistant.statements import find_half_priced, find_misstated
from pilito.assistant.stock import STOCKED, find_sold_out
from pilito.spelling import plain

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
    r"|(?<!\w)قیمت\w*[^.!?؟\n]{0,40}(?:هر ?چ(?:ه|ی|قدر)|هر مبلغ|هر عدد)|\bprice\b[^.!?\n]{0,30}\b(?:whatever|any you)\b"
    r"|(?<!\w)قیمتی که (?:\w+ )?(?:خواست|خوا|دوست)\w*|سعر\w* (?:\w+ ){0,2}(?:تحب|ترید|ترغب|تشاء|تختار|یعجب)\w*"
    r"|\b(?:name|choose|set|pick) (?:your|the|a) (?:own )?price|\bprices? (?:is|are) up to\b"
)
# The assistant knows nobody and is nobody's: what sounds like a threat or like a friend's word is neither's.
PERSONAL = re.compile(
    r"\b(?:i|we) (?:know|watch|remember) (?:you(?!'| (?:are|want|need|prefer|like|asked|mean|would))|where|who|your)\b"
    r"|\b(?:i|we) (?:know what you want|(?:see|saw|found) you)(?=\s*(?:[.,!\n]|$))"
    r"|\b(?:have|got|caught) you (?:on|in)\b"
    r"|\bi(?:'m| am) your (?![^.!?\n]{0,40}\b(?:assistant|bot)\b)"
    r"|(?<!\w)می\s?د[او]ن\w* (?:\w+ )?(?:کجا|کی|چه کسی|خونه)\w*|(?<!\w)(?:اعرف|نعرف) (?:این|من|مکان|بیت)\w*"
    r"|(?<!\w)من (?:دوست|رفیق|صاحب|مدیر)\w*(?: \w+)? (?:هست|ا)م(?!\w)"
)
# "Buy one, and one for a friend".
SECOND = re.compile(
    r"(?<!\w)(?:یک|یکی|دو|دوتا|2|1)(?: \w+){0,2} (?:بخر|بردار|بگیر)\w*[^.!?؟\n]{0,20}"
    r"(?<!\w)(?:یک|یکی|دو|دوتا|دومی)(?!\w)"
    r"|\bbuy (?:one|two|a|1|2)\b[^.!?\n]{0,30}\b(?:one|another|second|two)\b"
)
# The assistant needs no code, card or password of a customer.
SECRET = re.compile(
    r"(?<!\w)(?:کد|رمز|کارت|حساب|ادرس)\w* [^.!?؟\n]{0,30}(?:بفرمای|بگی|بگو)\w*|(?:رمز|کارت|کد)\w*[^.!?؟\n]{0,20} چی\w*"
    r"|\b(?:what is|tell us|say) (?:your|the) (?:\w+ ){0,2}(?:code|card|password|address|number|pin)\b"
)
NOT_HERE = re.compile(rf"{UNKNOWING.pattern}|اطلاعات|\binformation\b|معلومات")
# Nothing to pay.
NOTHING = re.compile(r"\b(?:no|zero|without(?: any)?) (?:costs?|price|tax(?:es)?|payments?)\b")
# Speaking ill of the shop or its goods, which no fact does.
ILL = re.compile(
    r"(?<!\w)(?:خوب|عالی|زیبا|قشنگ|شیک|جالب)\w* (?:نیست|نبود)\w*|(?<!\w)(?:نخر|نخواه)\w*"
    r"|(?<!\w)(?:لیس\w*|غیر) (?:جید|جمیل|رایع)\w*"
    r"|\b(?:not|isn't|aren't|never) (?:\w+ ){0,2}(?:good|great|nice|lovely|beautiful|perfect|wonderful)\b"
    r"|\b(?:do not|don't|never) (?:buy|order|purchase|use|choose)\b"
)
TOGETHER = re.compile(r"(?<!\w)(?:هر دو\w*|با هم|باهم|کلا?)(?!\w)|\b(?:both|together|all(?! orders\b))\b")


def find_turned(reply: str, known: Vocabulary, asked: frozenset[str]) -> Iterator[str]:
    """Yield what a reply says of terms and the facts do not, or only with something beside it.

    `asked` are the customer's words: a bare sum answers what they asked for.
    """
    text = unify(plain(reply.replace("’", "'")))
    stated = [saying for fact in known.facts for saying in sayings_of(fact)]
    asks_for_terms = any(map(_costs, asked))
    for sentence in _sentences(text):
        yield from _denied(sentence, stated)
        yield from _without_condition(sentence, stated)
        yield from _misplaced_sums(sentence, known, asks_for_terms)
        yield from _together(sentence, stated)
        yield from _other_days(sentence, stated)
        yield from find_misstated(sentence, stated)
        yield from find_half_priced(sentence, stated)
        yield from _denied_price(sentence)
    yield from (
        match[0] for pattern in (ONE, CHOSEN, ILL, SECRET, PERSONAL, SECOND) for match in pattern.finditer(text)
    )
    yield from (match[0] for match in NOTHING.finditer(text) if match[0] not in known.text)
    yield from _empty_assent(text, known)
    yield from find_unrestricted(unasked(text), known.facts, asked)
    yield from find_other_hours(text, known.facts)
    yield from find_offered(text, known.facts)
    yield from find_numbers_of_others(unasked(text), known.facts)
    yield from find_other_prices(unasked(text), known.facts, asked)
    yield from find_sold_out(unasked(text), known.facts, asked)


def _sentences(text: str) -> Iterator[str]:
    """The sentences; one of grammar alone ("Delivery? There is none.") belongs to the one before it."""
    whole: list[str] = []
    for sentence in SENTENCE.split(text):
        if not all(map(lists().has_grammar, WORD.findall(sentence))):
            yield " ".join(whole)
            whole = []
        whole.append(sentence)
    yield " ".join(whole)


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
    if UNKNOWING.search(sentence):
        return
    said, numbers, topics = terms_in(sentence), numbers_in(sentence), list(_topics(stated))
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


def _misplaced_sums(sentence: str, known: Vocabulary, asks_for_terms: bool) -> Iterator[str]:
    """The price of the delivery said of the dress, and the other way round."""
    sums = [one.quantity for one in bounds_in(sentence) if is_sum(one.quantity) and not _is_threshold(one, sentence)]
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


def _is_threshold(one: Bound, sentence: str) -> bool:
    """ "Over $80 it is free": a sum that nobody pays for it."""
    is_directed = one.direction in (Direction.OVER, Direction.UNDER)
    return is_directed and bool(terms_in(sentence) & same().conditional)


def _costs(text: str) -> bool:
    """Whether it speaks of what one pays beside the price: delivery, fees."""
    return bool(terms_in(text) - same().conditional)


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
    if _costs(saying.text):
        return {True}
    return {True, False} if saying.terms else {False}


def _other_days(sentence: str, stated: list[Saying]) -> Iterator[str]:
    """A day that the facts name of something else: "delivery on Saturday" from the days on which the shop is open."""
    terms = terms_in(sentence)
    if (terms and terms <= same().conditional) or not (terms or PRICE.search(sentence)):
        return  # what is free, or exchanged, often has its day in a sentence of its own
    if not any(DAY.search(saying.text) for saying in stated if terms & saying.terms):
        yield from (day[0] for day in DAY.finditer(sentence))


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
    if STOCKED.search(text) and STOCKED.search(known.text):
        return
    assent = ASSENT.search(rest)
    if assent is None or MYSELF.search(rest) or UNKNOWING.search(rest) or read_quantities(rest):
        return
    said = [word for word in WORD.findall(rest) if not lists().has_word(word)]
    if not any(map(known.carries, said)):
        yield assent[0]
