"""A source of facts is read again: a shop's feed, a document, a page. What is new becomes vectors."""

from pilito.clock import utc_now
from pilito.conversations.embed_facts import embed_new
from pilito.conversations.warn import warn_of_source
from pilito.jobs import patient
from pilito.knowledge.read import read_source


@patient
def read_facts(source_id: int) -> None:
    read_source(source_id, utc_now, warn_of_source)


@patient
def embed_facts() -> None:
    embed_new(utc_now)
