"""Let the kept sums of /metrics go on to the rows that will not change any more."""

from datetime import datetime, timedelta

from sqlalchemy import select

from pilito.database import transaction
from pilito.models import Counter, db
from pilito.queries import counters

# A transaction may hold an id that is older than rows that others have committed; none lasts as long.
COMMITTED_AFTER = timedelta(minutes=10)
STEP = 5_000  # rows a transaction: on SQLite nobody else writes meanwhile


def keep_counters(now: datetime) -> int:
    """Bring every source as far as it rests; return how many steps that took. May run twice, late or never."""
    steps = 0
    for name in counters.SOURCES:
        while _step(name, now):
            steps += 1
    return steps


def _step(name: str, now: datetime) -> bool:
    """Count the next rows into the sums, in the transaction that moves their end: each row counts once."""
    source = counters.SOURCES[name]
    rests_until = source.rests(now)
    db.session.rollback()
    with transaction():
        kept = db.session.scalar(select(Counter).where(Counter.source == name).with_for_update())
        if kept is None:
            kept = Counter(source=name, until_id=0, seen_id=rests_until, seen_at=now, numbers={})
            db.session.add(kept)
            return False
        if now - kept.seen_at < COMMITTED_AFTER:
            return False
        end = min(kept.seen_id, rests_until, kept.until_id + STEP)
        if end > kept.until_id:
            counted = source.count(source.between(kept.until_id, end))
            kept.numbers = {
                key: kept.numbers.get(key, 0) + counted.get(key, 0) for key in kept.numbers.keys() | counted.keys()
            }
            kept.until_id = end
            return True
        kept.seen_id, kept.seen_at = rests_until, now
        return False
