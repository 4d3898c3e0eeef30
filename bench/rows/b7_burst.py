"""B7: a burst of signed webhooks at a steady rate, whatever comes of those before; and a fifth of it beside."""

import math
import os
import sqlite3
import time
from dataclasses import dataclass
from itertools import count

from bench import webhooks
from bench.figures import Figure, Reference, Row, at_most, per, percentile, ratio
from bench.load import Load, burst
from bench.proc import Spent, metered
from bench.processes import System
from bench.size import Size
from bench.stand import Stand

# Each writes about once a second as long as it goes on: one turn after the other, and not one for each word.
SENDERS = 500
QUIET_SECONDS = "3"  # as delivered; the other rows answer at once, which would be an answer for each word here
TIMES = 5
LOOK_SECONDS = 0.25
PATIENCE_SECONDS = 600.0

_first_senders = count(2_000_000, SENDERS)


@dataclass(frozen=True)
class Burst:
    acks: Load
    posted: int
    stored: int
    drain_seconds: float  # from the last answer until everything was read
    cpu: Spent

    @property
    def lost(self) -> int:
        """What was answered 2xx, and is no message."""
        return len(self.acks.latencies) - self.stored

    @property
    def milliseconds(self) -> float:
        """CPU of everything that is Pilito's, for a message: taken, read, its turn opened."""
        return per(self.cpu.of("web", "worker", "scheduler"), self.posted)


def measure(stand: Stand, size: Size) -> list[Figure]:
    number = int(os.environ.get("B7_WEBHOOKS", size.burst_webhooks))
    system = stand.system(REPLY_QUIET_SECONDS=QUIET_SECONDS)
    _burst(system, number // 20, size.burst_per_second)  # imports and connections are made
    shorter = _burst(system, number // TIMES, size.burst_per_second)
    burst = _burst(system, number, size.burst_per_second)
    return [*_figures(shorter), *_figures(burst), _flatness(shorter, burst)]


def _burst(system: System, number: int, per_second: int) -> Burst:
    first = next(_first_senders)
    requests = [webhooks.signed(webhooks.text(webhooks.customer(first + one % SENDERS))) for one in range(number)]
    with sqlite3.connect(f"file:{system.database_url.removeprefix('sqlite:///')}?mode=ro", uri=True) as database:
        before = _stored(database)
        with metered(system.parts) as cpu:
            acks = burst(system.port, requests, per_second)
            drain_seconds = _drain(database)
        return Burst(acks, number, _stored(database) - before, drain_seconds, cpu)


def _drain(database: sqlite3.Connection) -> float:
    began = time.monotonic()
    while database.execute("SELECT 1 FROM webhook WHERE state = 'pending' LIMIT 1").fetchone():
        if time.monotonic() - began > PATIENCE_SECONDS:
            return math.inf
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - began


def _stored(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT count(*) FROM message WHERE sender = 'customer'").fetchone()[0])


def _figures(one: Burst) -> list[Figure]:
    title = f"{one.posted:,}"
    due = Reference("the rate it was posted at", one.posted / one.acks.seconds)
    return [
        Figure(f"{title}: answered other than 2xx", one.acks.refused, "", "refused"),
        Figure(f"{title}: answered 2xx and no message", one.lost, "", "lost"),
        Figure(f"{title}: ack p50", percentile(one.acks.latencies, 50) * 1000, "ms", "p50"),
        Figure(f"{title}: ack p99", percentile(one.acks.latencies, 99) * 1000, "ms", "p99"),
        Figure(f"{title}: slowest ack", max(one.acks.latencies, default=math.nan), "s", "slowest ack"),
        Figure(f"{title}: read after the last ack", one.drain_seconds, "s"),
        Figure(f"{title}: acks a second", one.acks.rate, "/s", "", due),
    ]


def _flatness(shorter: Burst, longer: Burst) -> Figure:
    value = ratio(longer.milliseconds, shorter.milliseconds)
    reference = Reference(f"{longer.milliseconds:.1f} ms over {shorter.milliseconds:.1f} ms", 1.0)
    return Figure("CPU a message, longer over shorter", value, "×", "flat", reference)


ROW = Row(
    "B7",
    "a burst of 10,000 webhooks at 500 a second: two web processes, one worker, SQLite",
    {
        "refused": at_most(0),
        "lost": at_most(0),
        "p50": at_most(15),
        "p99": at_most(250),
        "slowest ack": at_most(2.0),
        "flat": at_most(1.2),
    },
    measure,
    takes_long=True,
)
