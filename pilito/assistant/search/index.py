"""An index of facts and the search in it: BM25 by tantivy, misspelt words by rapidfuzz.

Both libraries are loaded with this module, which is why only a process that has a catalogue to search imports it.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import tantivy
from rapidfuzz import process
from rapidfuzz.distance import OSA

from pilito.assistant.search import sounds
from pilito.assistant.search.terms import is_english, words_of
from pilito.assistant.search.vocabulary import SAME
from pilito.stems import ARABIC_SCRIPT, compounds_of, parts_of, stem

NAME_COUNTS = 2.0  # times as much as the text
SAME_COUNTS = 0.7  # a word that means the same, beside the word itself
CODE_COUNTS = 2.5  # digits of a SKU name one thing; a size or a year is in half the catalogue anyway
CODE_DIGITS = 3
# Of what two words share: one wrong letter of four still counts, two of seven too.
ALIKE_ENOUGH = 0.7
SOUNDS_ALIKE_ENOUGH = 0.55  # Persian does not write short vowels, so the sounds of a match differ by half
NAMES_ALIKE_ENOUGH = 0.75  # in an English sentence, where most words sound like nothing
SHORTEST_MISSPELT = 4
GUESSES = 4
LONGEST_QUERY = 60  # terms; what a caption says first names it
WRITER_BYTES = 15_000_000  # the least that tantivy takes; given back after building
# Endings that are a word of their own in speech, taken off only where nothing else is known: "کفشش", "مانتوعه".
CLITICS = ("شون", "تون", "مون", "اشو", "عه", "ست", "رو", "ام", "ات", "اش", "شو", "ه", "ش", "م", "ت", "و", "ا")

Concept = Mapping[str, float]  # the terms that a word may mean, each with how likely it is


@dataclass(frozen=True)
class Entry:
    """A fact as it is searched: `name` is what it is called (a product's name, a question), `text` what it says."""

    reference: str
    name: str
    text: str = ""


@dataclass(frozen=True)
class Hit:
    reference: str
    score: float


class Index:
    """Entries to search in. Built once and never changed; any number of threads may search at the same time."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._references: list[str] = []
        known: set[str] = set()
        schema = _schema()
        self._index = tantivy.Index(schema)
        writer = self._index.writer(heap_size=WRITER_BYTES, num_threads=1)
        for number, entry in enumerate(entries):
            name, text = _entry_terms(entry.name), _entry_terms(entry.text)
            known.update(name, text)
            self._references.append(entry.reference)
            writer.add_document(tantivy.Document(number=number, name=" ".join(name), text=" ".join(text)))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._schema = schema
        self._guesser = Guesser(known)

    def __len__(self) -> int:
        return len(self._references)

    def search(self, asked: Iterable[tuple[str, float]], limit: int) -> list[Hit]:
        """Return the entries for these texts, best first; each text counts as much as the weight beside it says."""
        return self.find([(self.read(text), weight) for text, weight in asked], limit)

    def read(self, text: str) -> Sequence[Concept]:
        """Return for each word of the text what it may mean here; nothing for words that are not of this index."""
        return self._guesser.concepts(text)

    def find(self, asked: Iterable[tuple[Sequence[Concept], float]], limit: int) -> list[Hit]:
        """As `search`, with texts that have been read."""
        concepts = [(concept, weight) for read, weight in asked for concept in read]
        if not concepts or not self._references:
            return []
        query = tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, self._query(concept, weight)) for concept, weight in concepts[:LONGEST_QUERY]]
        )
        searcher = self._index.searcher()
        found = searcher.search(query, limit, count=False).hits
        return [Hit(self._references[searcher.doc(address)["number"][0]], score) for score, address in found]

    def _query(self, concept: Concept, weight: float) -> tantivy.Query:
        """The best of the words that may be meant, in the name or in the text; not their sum."""
        return tantivy.Query.disjunction_max_query(
            [
                tantivy.Query.boost_query(
                    tantivy.Query.term_query(self._schema, field, term), weight * likely * counts * _importance(term)
                )
                for term, likely in concept.items()
                for field, counts in (("name", NAME_COUNTS), ("text", 1.0))
            ],
            tie_breaker=0.1,
        )


def _schema() -> tantivy.Schema:
    """Texts come as terms already: the words between the spaces are taken as they are."""
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("number", stored=True)
    for field in ("name", "text"):
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    return builder.build()


def _importance(term: str) -> float:
    return CODE_COUNTS if sum(map(str.isdigit, term)) >= CODE_DIGITS else 1.0


def _entry_terms(text: str) -> list[str]:
    """What an entry is found by: its terms, and the halves of its codes."""
    words = [*words_of(text), *compounds_of(text)]
    return [stem(one) for word in words for one in (word, *parts_of(word))]


class Guesser:
    """Says which words of an index may be meant by those of a question."""

    def __init__(self, known: set[str]) -> None:
        self._known = known
        self._same = _same_words()
        self._by_length: dict[int, list[str]] = defaultdict(list)
        self._by_bones: dict[str, list[str]] = defaultdict(list)
        for term in sorted(known | self._same.keys()):  # in order, or equal guesses would fall by chance
            if not term.isdigit():
                self._by_length[len(term)].append(term)
            if ARABIC_SCRIPT.match(term):
                self._by_bones[sounds.bones(sounds.of_persian(term))].append(term)

    def concepts(self, text: str) -> list[dict[str, float]]:
        """Return for each word of the text the terms that may be meant, each with how likely it is (up to 1)."""
        words, is_spoken = words_of(text)[:LONGEST_QUERY], not is_english(text)
        found: dict[tuple[str, ...], dict[str, float]] = {}
        for word in words:
            for concept in self._meant(word, is_spoken):
                found.setdefault(tuple(concept), concept)  # a word said twice is not twice as important
        for first, second in zip(words, words[1:], strict=False):
            if (joined := stem(first + second)) in self._known:  # "تی شرت" for "تیشرت", "mn 1042" for "mn1042"
                found.setdefault((joined,), {joined: 1.0})
        return list(found.values())

    def _meant(self, word: str, is_spoken: bool) -> list[dict[str, float]]:
        term = stem(word)
        if concept := self._with_same({term: 1.0}):
            if is_spoken and word.isascii() and term not in self._known:  # "tala" is طلا before it is ذهب or gold
                concept = {other: likely * SAME_COUNTS for other, likely in concept.items()} | self._sounding_like(word)
            return [concept]
        if parts := [part for part in parts_of(word) if part in self._known]:
            return [{part: 1.0} for part in parts]
        if word.isdigit():
            return []
        if concept := self._with_same(dict.fromkeys(self._without_clitics(word), 1.0)):
            return [concept]
        if halves := self._halves(word):
            return [{half: 1.0} for half in halves]
        concept = self._with_same(self._guesses(word, term, is_spoken))
        return [concept] if concept else []

    def _with_same(self, terms: Mapping[str, float]) -> dict[str, float]:
        """The terms that the index has, with those that mean the same."""
        likely: dict[str, float] = {}
        for term, weight in terms.items():
            if term in self._known:
                likely[term] = max(weight, likely.get(term, 0))
            for other in self._same.get(term, ()):
                if other in self._known and other != term:
                    likely[other] = max(weight * SAME_COUNTS, likely.get(other, 0))
        return likely

    def _without_clitics(self, word: str) -> list[str]:
        for clitic in CLITICS:
            rest = stem(word.removesuffix(clitic))
            if word.endswith(clitic) and len(rest) > 1 and (rest in self._known or rest in self._same):
                return [rest]
        return []

    def _halves(self, word: str) -> list[str]:
        """`شومیزکرم`: two words that were written as one."""
        for cut in range(len(word) - 2, 1, -1):
            first, second = stem(word[:cut]), stem(word[cut:])
            if first in self._known and second in self._known:
                return [first, second]
        return []

    def _guesses(self, word: str, term: str, is_spoken: bool) -> dict[str, float]:
        if not word.isascii():
            return self._sounding_like(word) | self._spelt_like(term)
        if not is_spoken:  # a mistyped word, or a name: "do you ship to shiraz"
            return self._spelt_like(term) or self._sounding_like(word, NAMES_ALIKE_ENOUGH)
        return self._spelt_like(term) | self._sounding_like(word)

    def _spelt_like(self, term: str) -> dict[str, float]:
        if len(term) < SHORTEST_MISSPELT:
            return {}
        shortest, longest = math.ceil(len(term) * ALIKE_ENOUGH), int(len(term) / ALIKE_ENOUGH)
        near = [other for length in range(shortest, longest + 1) for other in self._by_length.get(length, ())]
        found = process.extract(term, near, scorer=OSA.normalized_similarity, score_cutoff=ALIKE_ENOUGH, limit=GUESSES)
        return {other: alike**2 for other, alike, _ in found}

    def _sounding_like(self, word: str, alike_enough: float = SOUNDS_ALIKE_ENOUGH) -> dict[str, float]:
        is_persian = bool(ARABIC_SCRIPT.match(word))
        forms = [sounds.of_persian(stem(word))] if is_persian else _latin_forms(word)
        found: dict[str, float] = {}
        for said in forms:
            for term in self._by_bones.get(sounds.bones(said), ()):
                alike = OSA.normalized_similarity(said, sounds.of_persian(term))
                if alike >= alike_enough:
                    found[term] = max(alike**0.5, found.get(term, 0))  # half of the vowels were never written
        best = sorted(found, key=lambda term: -found[term])[:GUESSES]
        return {term: found[term] for term in best}


def _latin_forms(word: str) -> list[str]:
    if not word.isascii():
        return []
    return list(dict.fromkeys(sounds.of_latin(form) for form in (word, sounds.without_ending(word))))


@cache
def _same_words() -> dict[str, frozenset[str]]:
    """Each word of the vocabulary with those that mean the same."""
    same: dict[str, set[str]] = defaultdict(set)
    for group in SAME:
        terms = {stem(word) for line in group.split() for word in words_of(line)}
        for term in terms:
            same[term] |= terms
    return {term: frozenset(others) for term, others in same.items()}
