"""The shop's own facts for a turn: what of its catalogue, answers and pages the questions ask for."""

import logging
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from pilito.assistant.embedder import embed, embedding_endpoint
from pilito.assistant.search.merge import merge
from pilito.assistant.search.terms import words_of
from pilito.assistant.types import Fact, TurnInput
from pilito.conversations.fact_text import passage_fact, product_fact
from pilito.conversations.pairing import CONTEXT_END
from pilito.conversations.shelves import Shelf, shelf_of
from pilito.errors import ModelError
from pilito.extensions import settings
from pilito.models import db
from pilito.queries.facts import quoted_passages, quoted_products, zone_of

if TYPE_CHECKING:
    from pilito.assistant.search.index import Hit

log = logging.getLogger(__name__)

MOST_FACTS = 8
MOST_CHARACTERS = 8500  # a text typed in full length, and 4,500 of what else was found
LOOKED_AT = 60  # hits, of which some may not be quoted any more
READ_AT_ONCE = MOST_FACTS
KINDS = ("product", "passage")
# A hit far behind the best one has only a common word with the question.
NEAR_ENOUGH = 0.4
# Under a post the customer asks about it: its neighbours in the catalogue are other things, with other prices.
NEAR_ENOUGH_POST = 0.6
MOST_BESIDE_POST = 4
# Where only what was said around the question tells what it is about ("how much?"), less is brought, and surer.
NEAR_ENOUGH_AROUND = 0.75
MOST_AROUND = 3

NEAREST = 8  # by meaning
LONGEST_ASKED = 1000  # characters
REST_SECONDS = 30.0  # after a failure: not every customer waits for a server that is away

# How much each text counts beside the question: the post it is about, then what was said before, the newest first.
CAPTION_COUNTS, EARLIER_COUNTS = 0.6, (0.3, 0.2, 0.15, 0.1)
CAPTION_CHARACTERS, EARLIER_CHARACTERS = 500, 300
# What is no word of anybody: addresses, our own marks and labels ("[پست/ریلز اینستاگرام]" speaks of no shipping).
NO_WORDS = re.compile(
    r"https?://\S+|\[/?(?:CONTEXT|PICTURE|پست/ریلز|استوری|واکنش)[^\[\]\n]*\]|^(?:عنوان|زیرعنوان|کپشن|لینک):",
    re.MULTILINE,
)
_rests_until = 0.0
POSTS = ("caption", "commented_caption", "product", "ad")


@dataclass(frozen=True)
class Place:
    """Whose facts are looked for: an inbox, with how often its facts have changed."""

    inbox_id: int
    version: int


def facts_of(place: Place, turn: TurnInput, now: datetime) -> tuple[Fact, ...]:
    """Return the facts for a turn, the surest first, without those it has already. Leaves no session open.

    Not for use inside a transaction: it may wait for an index.
    """
    shelf = shelf_of(place.inbox_id, place.version)
    if shelf is None or shelf.index is None:
        return ()
    asked = list(_asked(turn))
    read = [(shelf.index.read(text), weight) for text, weight in asked]
    names = any(concepts for concepts, _ in read[: len(turn.questions)])
    by_words = _near(shelf.index.find(read, LOOKED_AT), _bounds(turn, names)[0])
    by_meaning = _by_meaning(shelf, asked[: len(turn.questions) + 2])
    most = _bounds(turn, names or bool(by_meaning))[1]
    known = {fact.reference for fact in turn.facts if fact.source in ("catalogue", "faq", "page")}
    references = [reference for reference in merge([by_words, by_meaning]) if reference not in known]
    facts = list(_within_budget(_quoted(place, references, now), most))
    db.session.rollback()
    return tuple(facts)


def _bounds(turn: TurnInput, names: bool) -> tuple[float, int]:
    """How near to the best a fact must be, and how many are brought."""
    if not names:
        return NEAR_ENOUGH_AROUND, MOST_AROUND
    if any(fact.source == "caption" for fact in turn.facts):
        return NEAR_ENOUGH_POST, MOST_BESIDE_POST
    return NEAR_ENOUGH, MOST_FACTS


def _by_meaning(shelf: Shelf, texts: Sequence[tuple[str, float]]) -> list[str]:
    """What is near to the question and its surroundings in meaning; nothing where the server is slow or away."""
    global _rests_until
    endpoint = embedding_endpoint(settings)
    asked = "\n".join(text for text, _ in texts)[:LONGEST_ASKED]
    if endpoint is None or shelf.vectors is None or not words_of(asked) or time.monotonic() < _rests_until:
        return []
    db.session.rollback()  # no session is kept over a call
    try:
        vector = embed(endpoint, [asked], settings.openai_embedding_timeout_seconds)[0]
    except ModelError as error:
        log.warning("A question could not be embedded (%s); it is searched by its words.", error)
        _rests_until = time.monotonic() + REST_SECONDS
        return []
    return shelf.vectors.near(vector, NEAREST)


def _near(hits: "Sequence[Hit]", enough: float) -> list[str]:
    return [hit.reference for hit in hits if hit.score >= enough * hits[0].score]


def _asked(turn: TurnInput) -> Iterator[tuple[str, float]]:
    """The texts to look up, each with how much it counts."""
    yield from ((_words_of(question), 1.0) for question in turn.questions)
    captions = [fact.text for fact in turn.facts if fact.source in POSTS] or [
        question.partition(CONTEXT_END)[0] for question in turn.questions if CONTEXT_END in question
    ]
    answered = [context.text for context in turn.contexts]
    yield from ((_clean(text[:CAPTION_CHARACTERS]), CAPTION_COUNTS) for text in [*captions, *answered])
    newest = [line.content[:EARLIER_CHARACTERS] for line in reversed(turn.history)]
    yield from ((_clean(text), weight) for text, weight in zip(newest, EARLIER_COUNTS, strict=False))


def _words_of(question: str) -> str:
    """The customer's own words: the post that a question came with is looked up as a post."""
    return _clean(question.rpartition(CONTEXT_END)[2])


def _clean(text: str) -> str:
    return NO_WORDS.sub(" ", text)


def _quoted(place: Place, references: Sequence[str], now: datetime) -> Iterator[Fact]:
    """The facts as the tables have them now, in the order of the references; read as far as they are wanted."""
    today = now.astimezone(zone_of(place.inbox_id)).date()
    for start in range(0, len(references), READ_AT_ONCE):
        some = [reference.partition(":") for reference in references[start : start + READ_AT_ONCE]]
        ids = {kind: [int(number) for its_kind, _, number in some if its_kind == kind] for kind in KINDS}
        products = quoted_products(place.inbox_id, ids["product"], now)
        passages = quoted_passages(place.inbox_id, ids["passage"], now)
        for kind, _, number in some:
            if kind == "product" and int(number) in products:
                yield product_fact(products[int(number)], today)
            elif kind == "passage" and int(number) in passages:
                yield passage_fact(passages[int(number)], today)


def _within_budget(facts: Iterable[Fact], most: int) -> Iterator[Fact]:
    """The facts that there is room for, each whole: half of one is a rule without its exception."""
    left = MOST_CHARACTERS
    for fact in islice((fact for fact in facts if fact.text), most):
        if len(fact.text) <= left:
            left -= len(fact.text)
            yield fact
