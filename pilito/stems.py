"""Forms of a word, made one: what an index keeps of a text and what a question is looked up by.

The same cutting on both sides, so a stem need not be a word, only the same for every form of one: "مانتوهاتون" and
"مانتو", "الفستان" and "فستان", "dresses" and "dress".
"""

import re
from functools import lru_cache

from pilito.spelling import plain

WORD = re.compile(r"[^\W_]+")
ARABIC_SCRIPT = re.compile(r"[\u0600-\u06ff]")
LETTERS_AND_DIGITS = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
JOINER = "\u200c"
# From the beginning of a word alone: tried from each of its letters, a long row of them takes the square of its length.
COMPOUND = re.compile(rf"(?<![^\W\d_])[^\W\d_]+(?:{JOINER}[^\W\d_]+)+")
# What sticks to a Persian word, longest first: plurals with what belongs to whom, then endings alone.
PERSIAN_ENDINGS = (
    "هایشان", "هایتان", "هایمان", "هاشون", "هاتون", "هامون", "هاشو", "هایی", "های", "هاش", "هات", "هام", "هارو", "ها",
    "ایی", "یی", "ی",
)  # fmt: skip
ARABIC_ARTICLES = ("وال", "بال", "کال", "فال", "لل", "ال")
ONE_FORM = {"کتونی": "کتانی", "کتانی": "کتانی"}  # sneakers, which are no linen (کتان)
SHORTEST = 3  # letters that an ending or an article must leave


def compounds_of(text: str) -> list[str]:
    """The words with a joiner inside ("پاشنه‌بلند") as one, as many people write them."""
    return [plain(word.replace(JOINER, "")) for word in COMPOUND.findall(text)]


@lru_cache(maxsize=8192)
def parts_of(word: str) -> list[str]:
    """`mn1042` as `mn` and `1042`: people write either half, or a space between."""
    parts = LETTERS_AND_DIGITS.split(word)
    return parts if len(parts) > 1 else []


@lru_cache(maxsize=8192)  # a catalogue repeats its words
def stem(word: str) -> str:
    """One form for all forms of a word."""
    if ARABIC_SCRIPT.match(word):
        return _eastern(word)
    return _english(word) if word.isascii() and word.isalpha() else word


def _eastern(word: str) -> str:
    """Persian and Arabic in one, for a shop's text mixes them: article off, endings off, one form for ه and ون."""
    if word in ONE_FORM:
        return ONE_FORM[word]
    for article in ARABIC_ARTICLES:
        if word.startswith(article) and len(word) - len(article) >= SHORTEST:
            word = word.removeprefix(article)
            break
    for ending in PERSIAN_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST:
            word = word.removesuffix(ending)
            break
    if len(word) > SHORTEST + 1 and word.endswith("ات"):
        word = word.removesuffix("ات")
    if len(word) > SHORTEST and word.endswith("ه"):
        word = word.removesuffix("ه")
    if len(word) > SHORTEST and word.endswith("ون"):
        word = word.removesuffix("ون") + "ان"  # as it is said: تهرون, کتون, ارزون
    if len(word) > SHORTEST and word.startswith("و"):
        word = word.removeprefix("و")  # "and", in Arabic written into its word
    return word


def _english(word: str) -> str:
    if len(word) <= SHORTEST:
        return word
    if word.endswith("ies"):
        word = word.removesuffix("ies") + "y"
    elif word.endswith(("sses", "shes", "ches", "xes")):
        word = word.removesuffix("es")
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word.removesuffix("s")
    for ending in ("ing", "ed", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST:
            word = word.removesuffix(ending)
            return word[:-1] if len(word) > SHORTEST and word[-1] == word[-2] else word  # shipp-ing
    return word
