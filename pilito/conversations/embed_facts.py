"""Facts become vectors, in batches and in the background, where an embedding model is set."""

import hashlib
import logging
import time
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert

from pilito import hints, keys
from pilito.assistant.embedder import embed, embedding_endpoint
from pilito.assistant.server import Endpoint
from pilito.clock import Clock
from pilito.database import transaction
from pilito.errors import ModelError
from pilito.extensions import settings
from pilito.knowledge.changes import count_change
from pilito.models import Embedding, db
from pilito.queries import facts as queries

if TYPE_CHECKING:
    from pilito.assistant.search.index import Entry

log = logging.getLogger(__name__)

BATCH = 64
BATCHES = 40  # of one job: what other sources of facts wait for is not kept waiting long
BATCH_SECONDS = 60.0
LONGEST_TEXT = 2000  # characters, below what models take
PAUSE_SECONDS = 60.0  # after a failure
UNUSED_FOR = timedelta(days=1)  # a feed that is gone today is back tomorrow

_done: dict[str, tuple[int, int]] = {}  # by model: what the inboxes counted when nothing was left to do
_pauses_until = 0.0


def wake_embedding() -> None:
    """Have a worker look whether facts have changed."""
    if embedding_endpoint(settings) is not None and not hints.is_busy(keys.FACTS):
        hints.hint(keys.FACTS, keys.EMBED_JOB)


def embed_new(clock: Clock) -> int:
    """Fetch the vectors of texts that have none; return how many. Harmless to call at any time."""
    global _pauses_until
    endpoint = embedding_endpoint(settings)
    counted = queries.counted_changes()
    db.session.rollback()
    if endpoint is None or _done.get(endpoint.model) == counted or time.monotonic() < _pauses_until:
        return 0
    texts = _texts(queries.inbox_ids())
    missing = texts.keys() - queries.embedded(endpoint.model, list(texts))
    db.session.rollback()
    wanted = [(digest, texts[digest]) for digest in sorted(missing)]
    batches = list(islice(_batches(wanted), BATCHES))
    try:
        stored = sum(_store(endpoint, batch, clock(), batch is batches[-1]) for batch in batches)
    except ModelError as error:
        log.warning("Facts could not be embedded (%s); the search goes on by words.", error)
        _pauses_until = time.monotonic() + PAUSE_SECONDS
        return 0
    if len(wanted) > BATCH * BATCHES:
        hints.hint(keys.FACTS, keys.EMBED_JOB)
    else:
        _drop_unused(endpoint.model, texts.keys(), clock())
        inboxes, changes = counted
        # As counted before the facts were read, with our own change: what others changed meanwhile is still to do.
        _done[endpoint.model] = (inboxes, changes + (inboxes if batches else 0))
    return stored


def text_of(entry: "Entry") -> str:
    return f"{entry.name}\n{entry.text}".strip()[:LONGEST_TEXT]


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _texts(inbox_ids: Sequence[int]) -> dict[str, str]:
    from pilito.conversations.shelves import read_entries

    found = {}
    for inbox_id in inbox_ids:
        for entry in read_entries(inbox_id):
            if text := text_of(entry):
                found[digest_of(text)] = text
    return found


def _batches(wanted: Sequence[tuple[str, str]]) -> Iterator[Sequence[tuple[str, str]]]:
    return (wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH))


def _store(endpoint: Endpoint, batch: Sequence[tuple[str, str]], now: datetime, is_last: bool) -> int:
    """Keep the vectors of a batch. With the last, in its transaction, the indexes are told to take them all in: told
    afterwards, a crash between the two would leave them out until a fact changes."""
    rows = [
        {"digest": digest, "model": endpoint.model, "vector": vector, "created_at": now}
        for digest, vector in _vectors(endpoint, batch)
    ]
    with transaction():
        known = queries.embedded(endpoint.model, [digest for digest, _ in batch])  # by another worker meanwhile
        if rows := [row for row in rows if row["digest"] not in known]:
            db.session.execute(insert(Embedding), rows)
        if is_last:
            count_change(None)
    return len(rows)


def _vectors(endpoint: Endpoint, batch: Sequence[tuple[str, str]]) -> list[tuple[str, bytes]]:
    """One text that a model refuses must not keep the others from it; it is noted as empty and not asked again."""
    try:
        vectors = embed(endpoint, [text for _, text in batch], BATCH_SECONDS)
        return [(digest, vector) for (digest, _), vector in zip(batch, vectors, strict=True)]
    except ModelError as error:
        if not _is_about_text(error):
            raise
        if len(batch) == 1:
            return [(batch[0][0], b"")]
    middle = len(batch) // 2
    return [*_vectors(endpoint, batch[:middle]), *_vectors(endpoint, batch[middle:])]


def _is_about_text(error: ModelError) -> bool:
    return error.reason == "model_failed" and error.message.startswith(("HTTP 400", "HTTP 413", "HTTP 422"))


def _drop_unused(model: str, used: Collection[str], now: datetime) -> None:
    old = queries.embedded_before(model, now - UNUSED_FOR)
    db.session.rollback()
    unused = [number for number, digest in old if digest not in used]
    for start in range(0, len(unused), 500):
        with transaction():
            db.session.execute(
                delete(Embedding)
                .where(Embedding.id.in_(unused[start : start + 500]))
                .execution_options(synchronize_session=False)
            )
