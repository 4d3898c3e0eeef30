"""Which words of a text count for the search of facts, and in which language they are."""

import re

from pilito.assistant.search.vocabulary import SILENT
from pilito.spelling import plain
from pilito.stems import WORD

# "How" in Arabic is "bag" in Persian, but for the letters of the keyboard and what stands beside it.
ARABIC_HOW = "كيف"
ARABIC_ONLY = re.compile(r"[ةأإ]|(?<!\w)ال\w{3}|(?<!\w)(?:هل|ممكن|هذا|هذه|في|من|على)(?!\w)")
# Small words that Persian in Latin letters does not have.
ENGLISH_ONLY = frozenset("the is are it my your you how can what when where have has with of for any".split())


def words_of(text: str) -> list[str]:
    """Return the words in one spelling, without those that say nothing about a thing."""
    if ARABIC_HOW in text and ARABIC_ONLY.search(text):
        text = text.replace(ARABIC_HOW, " ")
    return [word for word in WORD.findall(plain(text)) if word not in SILENT]


def is_english(text: str) -> bool:
    """Whether Latin letters are English here, and not Persian in Latin letters."""
    return not ENGLISH_ONLY.isdisjoint(WORD.findall(plain(text)))
