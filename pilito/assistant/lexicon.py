"""The words of a reply and of its facts: which are harmless anywhere, which mean the same, which a fact has.

`words/*.txt` hold the lists: one file for each language the assistant speaks, and `same.txt`. Works on words of
`spelling.plain` text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property, lru_cache
from pathlib import Path

from pilito.assistant.grounding import MEASURE, claims_of
from pilito.assistant.quantities import HALF, MULTIPLIERS, WORDS, read_all
from pilito.assistant.search.sounds import bones, of_latin, of_persian
from pilito.assistant.search.vocabulary import KINDS, THINGS
from pilito.spelling import plain
from pilito.stems import stem

LISTS = Path(__file__).parent / "words"
LANGUAGES = ("fa", "en", "ar")
WORD = re.compile(r"[^\W_]+(?:'[^\W\d_]+)*")  # "don't" is one
LATIN = re.compile(r"[a-z]+")
EASTERN = re.compile("[\u0621-\u06cc]+")
# Endings of Persian and Arabic nouns, longest first; not م, which also makes "I do" of a verb.
ENDINGS = (
    "هاشون", "هاتون", "هامون", "هایتان", "هایشان", "هایمان", "هایش", "هایی", "یتان", "یمان", "تان", "مان", "شان",
    "شون", "تون", "مون", "های", "هاش", "ها", "یه", "ست", "رو", "ای", "اش",
    "ات", "شو", "نا", "کم", "ی", "ه", "ش", "ت", "و", "ن", "ک",
)  # fmt: skip
ARTICLES = ("وال", "بال", "لل", "ال", "و", "ب", "ل")
COPULAS = ("شه", "ست", "ه", "ن")  # "is" and "are", which stick to the word: «شماست»
SHORTEST = 3  # letters that an ending must leave
SHORTEST_BONES = 3


def words_in(text: str) -> list[str]:
    return WORD.findall(plain(text.replace("’", "'")))


def forms_of(word: str) -> Iterator[str]:
    """The word, and what is left of it without one ending or without the Arabic article."""
    yield word
    if word.endswith("'s"):
        yield word.removesuffix("'s")
    if not EASTERN.fullmatch(word):
        return
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST:
            yield word.removesuffix(ending)
    for article in ARTICLES:
        if word.startswith(article) and len(word) - len(article) >= SHORTEST:
            yield word.removeprefix(article)


@lru_cache(maxsize=8192)
def stems_of(word: str) -> frozenset[str]:
    return frozenset(form for one in forms_of(word) for form in (one, stem(one)))


# --- the lists -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lists:
    grammar: frozenset[str]  # counts anywhere
    words: frozenset[str]  # counts where no terms are spoken of
    nouns: frozenset[str]  # count anywhere, with endings
    links: re.Pattern[str]  # words that only together are grammar
    phrases: re.Pattern[str]  # words that only together are courtesy

    def has_grammar(self, word: str) -> bool:
        return not self.grammar.isdisjoint(_bare(word))

    def has_word(self, word: str) -> bool:
        return self.has_grammar(word) or not self.words.isdisjoint(_bare(word))

    def has_noun(self, word: str) -> bool:
        return not self.nouns.isdisjoint(forms_of(word))


def _bare(word: str) -> Iterator[str]:
    yield word
    yield from (word.removesuffix(copula) for copula in COPULAS if word.endswith(copula))
    if word.startswith("و") and len(word) > SHORTEST:
        yield word[1:]  # "and", which Arabic writes into the word


@cache
def lists() -> Lists:
    parts: dict[str, list[str]] = {part: [] for part in ("grammar", "words", "nouns", "links", "phrases")}
    for language in LANGUAGES:
        for line in _lines(language):
            if line.startswith("["):
                part = line.strip("[]")
            else:
                parts[part] += [line] if part in ("links", "phrases") else words_in(line)
    grammar, words, nouns = (frozenset(parts[part]) for part in ("grammar", "words", "nouns"))
    return Lists(grammar, words, nouns, _one_of(parts["links"]), _one_of(parts["phrases"]))


def _one_of(phrases: list[str]) -> re.Pattern[str]:
    longest_first = sorted({tuple(words_in(phrase)) for phrase in phrases}, reverse=True)  # of those that begin alike
    patterns = (r"\W{1,3}".join(map(re.escape, phrase)) for phrase in longest_first)
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)")


@dataclass(frozen=True)
class Same:
    """Groups of words that mean the same, as their stems."""

    groups: tuple[frozenset[str], ...]
    things: frozenset[str]  # what shops sell, of what and in which colour
    terms: dict[str, int]  # what one pays, gets and gets back: a stem and the number of its group
    conditional: frozenset[int]  # groups of terms that hold only together with their number ("within 7 days")
    subjects: dict[str, int]  # what numbers are said of beside terms: hours, the address, a code


@cache
def same() -> Same:
    groups = [*map(_stems_in, THINGS)]
    things = frozenset().union(*groups)
    groups += map(_stems_in, KINDS)
    terms: dict[str, int] = {}
    conditional = set()
    subjects: dict[str, int] = {}
    for line in _lines("same"):
        if line.startswith("?"):
            parts = [_stems_in(part) for part in line.split("/")]
            subjects |= {word: len(groups) for part in parts for word in part}
            groups += parts
            continue
        groups.append(_stems_in(line))
        if line.startswith("!"):
            terms |= dict.fromkeys(groups[-1], len(groups) - 1)
        if line.startswith("!!"):
            conditional.add(len(groups) - 1)
    return Same(tuple(groups), things, terms, frozenset(conditional), subjects)


def _stems_in(group: str) -> frozenset[str]:
    words = words_in(group)
    return frozenset({*words, *map(stem, words)})


def _lines(name: str) -> Iterator[str]:
    lines = (LISTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return (line for line in lines if line and not line.startswith("#"))


def terms_in(text: str) -> frozenset[int]:
    """Which terms a text speaks of, by the number of their group."""
    return _groups_in(text, same().terms)


def subjects_in(text: str) -> frozenset[int]:
    """Which other things are spoken of that have numbers of their own: hours, the address, a code."""
    return _groups_in(text, same().subjects)


def _groups_in(text: str, known: dict[str, int]) -> frozenset[int]:
    return frozenset(known[form] for word in WORD.findall(text) for form in stems_of(word) if form in known)


@lru_cache(maxsize=8192)
def alike(word: str) -> frozenset[str]:
    """The word's stems and what means the same, in any language."""
    stems = stems_of(word)
    return stems.union(*(group for group in same().groups if not group.isdisjoint(stems)))


def is_of_shops(word: str) -> bool:
    return any(not group.isdisjoint(stems_of(word)) for group in same().groups)


@cache
def _fees() -> frozenset[int]:
    return terms_in("fee")


def is_a_fee(word: str) -> bool:
    """Whether the word only says that something is paid: fee, cost, charge."""
    return bool(terms_in(word) & _fees())


def is_a_thing(word: str) -> bool:
    return not same().things.isdisjoint(stems_of(word))


# --- facts -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Vocabulary:
    """The words of some facts: themselves, their stems, what means the same, and how they sound."""

    facts: tuple[str, ...]

    @cached_property
    def each(self) -> "tuple[Vocabulary, ...]":
        return tuple(vocabulary_of((fact,)) for fact in self.facts)

    @cached_property
    def text(self) -> str:
        return "\n".join(map(plain, self.facts))

    @cached_property
    def signs(self) -> frozenset[str]:
        return frozenset(char for fact in self.facts for char in fact if not char.isalnum() and char > " ")

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(word for fact in self.facts for word in words_in(fact))

    @cached_property
    def counts(self) -> frozenset[tuple[Decimal, str]]:
        """The numbers of the facts with their units."""
        found = (one for fact in self.facts for one in read_all(claims_of(fact).countable))
        return frozenset((value, one.unit) for one in found for value in (*one.values, *one.parts))

    @cached_property
    def _stems(self) -> frozenset[str]:
        return frozenset().union(*map(stems_of, self.words))

    @cached_property
    def _meant(self) -> frozenset[str]:
        """The words that mean the same as one of the facts', in any language."""
        return frozenset(one for group in same().groups if group & self._stems for one in group)

    @cached_property
    def _bones(self) -> frozenset[str]:
        sounds = (of_persian(word) if EASTERN.fullmatch(word) else of_latin(word) for word in self.words)
        return frozenset(one for sound in sounds if len(one := bones(sound)) >= SHORTEST_BONES)

    def carries(self, word: str) -> bool:
        if word in WORDS or word in MULTIPLIERS or word in HALF:
            return False  # as a number of the facts it is known already
        if any(map(str.isdigit, word)):
            return word in self.words or MEASURE.match(word) is not None
        stems = stems_of(word)
        return not (stems.isdisjoint(self._stems) and stems.isdisjoint(self._meant)) or self._sounds(word)

    def _sounds(self, word: str) -> bool:
        """A name in the other letters: "Mahoor" for ماهور."""
        if not LATIN.fullmatch(word):
            return False
        heard = bones(of_latin(word))
        return heard in self._bones and len(word) > len(heard) + 1


@lru_cache(maxsize=256)
def vocabulary_of(facts: tuple[str, ...]) -> Vocabulary:
    return Vocabulary(facts)
