"""The index of each inbox's facts, kept in this process and made anew when the facts have changed.

Building takes a second where there are 20,000 facts. It runs in a thread of its own, without a database session while
it works; a turn that finds an old index waits for the new one only shortly and then takes the old: what is quoted is
read from the tables in any case, so the old one can only fail to find what is new.
"""

import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask, current_app

from pilito.assistant.embedder import embedding_endpoint
from pilito.conversations.embed_facts import digest_of, text_of
from pilito.extensions import settings
from pilito.models import db
from pilito.queries import facts as queries

if TYPE_CHECKING:
    from pilito.assistant.search.index import Entry, Index
    from pilito.assistant.search.vectors import Vectors

log = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 30.0  # without any index nothing would be found, and a person asked
RENEWAL_WAIT_SECONDS = 1.0
REST = 5  # times as long as building took, before it is built again: a shop that edits all day does not fill a core
MOST_SHELVES = 50


@dataclass(frozen=True)
class Shelf:
    """The facts of an inbox as they were at `version`; no index where there are none."""

    version: int
    index: "Index | None"
    vectors: "Vectors | None"
    built_at: float
    seconds: float


_shelves: OrderedDict[int, Shelf] = OrderedDict()
_builders: dict[int, threading.Thread] = {}
_lock = threading.Lock()


def shelf_of(inbox_id: int, version: int) -> Shelf | None:
    """Return the shelf of an inbox, None where it could not be made. No session may be in use: this can wait."""
    with _lock:
        shelf = _shelves.get(inbox_id)
        if shelf is not None:
            _shelves.move_to_end(inbox_id)
        if shelf is not None and (shelf.version == version or time.monotonic() < shelf.built_at + REST * shelf.seconds):
            return shelf
        builder = _builders.get(inbox_id) or _start(inbox_id)
    db.session.rollback()  # waiting with a connection would keep it from others
    builder.join(FIRST_WAIT_SECONDS if shelf is None else RENEWAL_WAIT_SECONDS)
    with _lock:
        return _shelves.get(inbox_id)


def clear() -> None:
    """Forget every index."""
    with _lock:
        _shelves.clear()


def _start(inbox_id: int) -> threading.Thread:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    builder = threading.Thread(target=_build, args=(app, inbox_id), name=f"index-{inbox_id}", daemon=True)
    _builders[inbox_id] = builder
    builder.start()
    return builder


def _build(app: Flask, inbox_id: int) -> None:
    try:
        started = time.monotonic()
        with app.app_context():
            version = queries.facts_version(inbox_id) or 0  # before the facts: what changes between is indexed again
            entries = read_entries(inbox_id)
            vectors = _vectors_of(entries)
        shelf = Shelf(version, _made(entries), vectors, time.monotonic(), time.monotonic() - started)
        with _lock:
            _shelves[inbox_id] = shelf
            while len(_shelves) > MOST_SHELVES:
                _shelves.popitem(last=False)
    except Exception:  # a database away: the turn does without, and the next one tries again
        log.exception("The facts of inbox %s could not be indexed.", inbox_id)
    finally:
        with _lock:
            _builders.pop(inbox_id, None)


def read_entries(inbox_id: int) -> "list[Entry]":
    """Every fact of an inbox as it is searched; loads the search library only where there is one."""
    products = list(queries.searched_products(inbox_id))
    passages = list(queries.searched_passages(inbox_id))
    db.session.rollback()
    if not products and not passages:
        return []
    from pilito.assistant.search.index import Entry  # with tantivy: only where there is something to search

    entries = []
    for product, variants in products:
        choices = {word for one in variants for word in (one.size, one.colour, one.other, one.sku) if word}
        text = "\n".join([product.category, product.description, product.sku or "", *sorted(choices)])
        entries.append(Entry(f"product:{product.id}", product.name, text))
    for passage in passages:
        entries.append(Entry(f"passage:{passage.id}", f"{passage.title}\n{passage.heading or ''}", passage.text))
    return entries


def _vectors_of(entries: "list[Entry]") -> "Vectors | None":
    endpoint = embedding_endpoint(settings)
    if endpoint is None or not entries:
        return None
    digests = {entry.reference: digest_of(text_of(entry)) for entry in entries}
    found = queries.vectors(endpoint.model, list(set(digests.values())))
    db.session.rollback()
    if not found:
        return None
    from pilito.assistant.search.vectors import Vectors  # with numpy

    return Vectors({reference: found[digest] for reference, digest in digests.items() if digest in found})


def _made(entries: "list[Entry]") -> "Index | None":
    if not entries:
        return None
    from pilito.assistant.search.index import Index

    return Index(entries)
