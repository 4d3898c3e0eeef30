"""Holds every word of a reply: each is carried by a fact of this turn, or stands on a short list of harmless words.

The other checks know forms (a number, an address) and sentences that promise; what they do not know gets by. Here it is
the other way round: what is not known to be harmless, or the shop's own, is found. So it matters little how something
is written otherwise (in other letters, in words, apart, in another language, in code): it is on no list. A reply in a
language that has no list goes to a person.
"""

import re
from bisect import bisect
from collections.abc import Iterable, Iterator
from itertools import groupby

from pilito.assistant.grounding import CLAUSE, DAY, UNKNOWING, Claims
from pilito.assistant.lexicon import WORD, Vocabulary, forms_of, is_a_fee, is_a_thing, is_of_shops, lists, terms_in
from pilito.assistant.quantities import LIST_MARK, read_all
from pilito.assistant.sayings import JOINT
from pilito.spelling import plain

QUESTION = re.compile(r"[^.!?؟\n؛،,:]+[?؟]")
UNABLE = re.compile(
    rf"{UNKNOWING.pattern}|امکان\w* (?:\w+ ){{0,4}}نیست|نمی\s?ت(?:و|ا|وا)ن(?:م|یم)\b"
    r"|\bi (?:can't|cannot|can not|am not able)\b"
)
# What may stand in a reply beside letters and digits. Signs of reckoning and of code are not among it.
PUNCTUATION = frozenset(" \n\r\t.,!?:;-–—()[]{}«»\"'“”‘’…/،؛؟٪%•·*#&+٫٬@_$€£\u200c\u200d\ufe0f✓✔")
# Right-to-left and left-to-right marks: harmless between words, inside a number they turn it round.
MARKS = frozenset("\u200e\u200f")
EMOJI = (  # without letters, digits, clocks, money and presents, which say something
    (0x1F300, 0x1F380), (0x1F382, 0x1F4AE), (0x1F4E0, 0x1F4FF), (0x1F525, 0x1F54F), (0x1F568, 0x1F64F),
    (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x1FA70, 0x1FAFF), (0x2600, 0x267F), (0x2690, 0x2775),
    (0x27A1, 0x27BF), (0x2B50, 0x2B55), (0x2190, 0x2193),
)  # fmt: skip
RECKONING = re.compile(r"\d\s*(?:[+×÷*=^]|/(?!\d{1,2}/|\d{1,2}\s))\s*\d")
RUN = re.compile(r"(?<![\w.,:/])\d{1,6}(?:(?:\s?[,،-]\s?|\s(?:و|and)\s|\s)\d{1,6}){3,}(?![\w:/]|[.,]\d)")
SINGLE_DIGIT = re.compile(r"(?<![\w.,:/-])\d(?![\w:/]|[.,-]\d)")
MOST_DIGITS = 3  # more numbers of one digit than this, counting nothing, spell a phone


def find_strange_signs(reply: str, said: Claims, known: Vocabulary) -> Iterator[str]:
    """Yield the signs that no message has, digits told one by one, and sums that are worked out."""
    for before, char, after in zip(" " + reply, reply, reply[1:] + " ", strict=False):
        if char in MARKS and not (before.isalnum() and after.isalnum()):
            continue
        if not _is_usual(char) and char not in known.signs:
            yield f"U+{ord(char):04X}"
    yield from (match[0] for match in RECKONING.finditer(plain(reply)) if match[0] not in known.text)
    yield from _loose_digits(said.countable, known)


def _is_usual(char: str) -> bool:
    """Letters and digits are looked at as words; of the rest only what every message has."""
    if char in PUNCTUATION or (char.isascii() and char.isalnum()) or "\u0621" <= char <= "\u06f9":
        return True
    return any(first <= ord(char) <= last for first, last in EMOJI)


def _loose_digits(text: str, known: Vocabulary) -> Iterator[str]:
    """Digits told one by one: as marks of a list that does not count, in a row, or strewn over the sentences."""
    marks = [int(re.sub(r"\D", "", match[0])) for match in LIST_MARK.finditer(text)]
    if marks != list(range(1, len(marks) + 1)):
        yield " ".join(map(str, marks))
    rest = LIST_MARK.sub(" ", text)
    for match in RUN.finditer(rest):
        numbers = re.findall(r"\d+", match[0])
        if list(map(int, numbers)) != sorted(map(int, numbers)) and not re.search(r"\D+".join(numbers), known.text):
            yield match[0]
    counted = {one.start for one in read_all(rest) if one.unit}
    digits = [match[0] for match in SINGLE_DIGIT.finditer(rest) if match.start() not in counted]
    row = " ".join(digits)
    if len(digits) > MOST_DIGITS and not any(row in _digits_of(fact.text) for fact in known.each):
        yield row


def _digits_of(fact: str) -> str:
    """The numbers of one digit that count nothing, in their order: "Sizes: 2, 4, 6, 8" may be said."""
    values = (f"{value:f}" for one in read_all(fact) if not one.unit for value in one.values)
    return " ".join(value for value in values if len(value) == 1)


# --- words -----------------------------------------------------------------------------------------------------------


def find_strange_words(said: Claims, known: Vocabulary, asked: frozenset[str]) -> Iterator[str]:
    """Yield the words that no fact carries and no list has.

    `asked` are the customer's own words: they may be said again in a clause that says that something is not known or
    cannot be done. Around a word of terms only grammar counts, and what one fact carries alone.
    """
    text, harmless = said.countable, lists()
    counted = [*((one.start, one.end) for one in said.quantities), *_spelled(said, known), *_spans(DAY, text)]
    counted += _spans(harmless.links, text)
    phrases, questions = _spans(harmless.phrases, text), _spans(QUESTION, text)
    for start, end in _clauses(text):
        clause = text[start:end]
        is_unable, of_terms = UNABLE.search(clause) is not None, bool(terms_in(clause))
        carried: list[tuple[int, str]] = []
        is_priced = any(start <= one.start < end and one.is_money for one in said.quantities)
        for match in WORD.finditer(text, start, end):
            word = match[0]
            if is_priced and is_a_fee(word):
                continue  # "the fee of the post is 65,000": which sum is whose is looked at elsewhere
            if word.isdigit() or _is_within(match, counted) or (_is_within(match, phrases) and not of_terms):
                continue
            if is_unable and (not asked.isdisjoint(forms_of(word)) or is_of_shops(word)):
                continue
            if harmless.has_grammar(word) or harmless.has_noun(word) or (harmless.has_word(word) and not of_terms):
                continue
            if is_a_thing(word) and _is_within(match, questions):
                continue  # "Which dress?" claims nothing
            if not known.carries(word):
                yield word
            elif of_terms and not is_a_thing(word):
                carried.append((match.start(), word))
        for joined in _apart(carried, [match.start() for match in JOINT.finditer(text, start, end)]):
            yield from _from_several(joined, known)


def _apart(words: list[tuple[int, str]], joints: list[int]) -> Iterator[list[str]]:
    """The words between conjunctions: "the post is 5 and the dress 20" are two statements."""
    for _, together in groupby(words, key=lambda placed: bisect(joints, placed[0])):
        yield [word for _, word in together]


def _from_several(words: list[str], known: Vocabulary) -> Iterator[str]:
    """What is said of terms in words that no fact has together."""
    if not any(all(map(fact.carries, words)) for fact in known.each):
        yield " ".join(words)


def _is_within(match: re.Match[str], spans: Iterable[tuple[int, int]]) -> bool:
    return any(start <= match.start() and match.end() <= end for start, end in spans)


def _spans(pattern: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    return [(match.start(), match.end()) for match in pattern.finditer(text)]


def _clauses(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in CLAUSE.finditer(text):
        yield start, match.start()
        start = match.end()
    yield start, len(text)


def _spelled(said: Claims, known: Vocabulary) -> list[tuple[int, int]]:
    """Numbers in words that count no unit we know ("twenty four pencils"), where a fact has them."""
    bare = {value for value, unit in known.counts if not unit}
    return [(one.start, one.end) for one in read_all(said.countable) if one.values & bare]
