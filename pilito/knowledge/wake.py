"""A worker is asked to read a source."""

from pilito import hints, keys

JOB_SECONDS = 30 * 60  # a large shop is thousands of calls


def wake(source_id: int) -> None:
    hints.hint(keys.FACTS, keys.FACTS_JOB, source_id, timeout_seconds=JOB_SECONDS)
