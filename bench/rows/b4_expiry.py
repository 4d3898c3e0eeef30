"""B4, small: many shares whose wait ends at the same moment; how late is each of them ended?"""

import math
import sqlite3
import time
from itertools import count

from bench import webhooks
from bench.figures import Figure, Reference, Row, at_least, at_most, percentile
from bench.load import drive
from bench.processes import System
from bench.size import Size
from bench.stand import Stand

WAIT_SECONDS = 120.0
LOOK_SECONDS = 0.01
PATIENCE_SECONDS = 30.0
A_WEBHOOK = 20  # shares, each of another customer

_customers = count(1_000_000)


def measure(stand: Stand, size: Size) -> list[Figure]:
    system = stand.system()
    few, _ = _expire(system, size.few_shares, min(size.share_lead_seconds, 8.0))
    many, waited = _expire(system, size.shares, size.share_lead_seconds)
    return [
        Figure(
            f"lateness p{percent}",
            percentile(many, percent),
            "s",
            f"p{percent}" if percent == 99 else "",
            Reference(f"with {size.few_shares} waiting", percentile(few, percent)),
        )
        for percent in (50, 99)
    ] + [Figure("shares that waited", waited / size.shares, "×", "waited")]


def _expire(system: System, shares: int, lead_seconds: float) -> tuple[list[float], int]:
    """Have the waits of so many shares end in `lead_seconds`; return how late each ended, and how many waited."""
    ends_at = time.time() + lead_seconds
    items = [
        webhooks.share(webhooks.customer(next(_customers)), ends_at - WAIT_SECONDS - number * 1e-6)
        for number in range(shares)
    ]
    bodies = [webhooks.signed(*items[first : first + A_WEBHOOK]) for first in range(0, shares, A_WEBHOOK)]
    drive(system.port, bodies, 4)
    with sqlite3.connect(f"file:{system.database_url.removeprefix('sqlite:///')}?mode=ro", uri=True) as database:
        time.sleep(max(0.0, ends_at - 0.05 - time.time()))
        waiting = waited = _waiting(database)
        late: list[float] = []
        while waiting and time.time() < ends_at + PATIENCE_SECONDS:
            time.sleep(LOOK_SECONDS)
            left = _waiting(database)
            late += [max(0.0, time.time() - ends_at)] * (waiting - left)
            waiting = left
    return late + [math.inf] * waiting, waited


def _waiting(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT count(*) FROM share WHERE state = 'waiting'").fetchone()[0])


ROW = Row(
    "B4",
    "shares that expire at the same moment (1,000): lateness, SQLite",
    {"p99": at_most(2.0), "waited": at_least(1.0)},
    measure,
)
