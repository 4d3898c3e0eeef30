"""A source of facts is read again: a shop's feed, a document, a page."""

from pilito.clock import utc_now
from pilito.jobs import patient
from pilito.knowledge.read import read_source


@patient
def read_facts(source_id: int) -> None:
    read_source(source_id, utc_now)
