"""B1: a webhook is acknowledged once it is on the disk and a worker is asked to read it."""

from dataclasses import dataclass

from bench import webhooks
from bench.figures import Figure, Reference, Row, at_least, at_most, median, per, percentile, ratio
from bench.load import Load, drive
from bench.proc import Spent, metered
from bench.processes import System
from bench.size import Size
from bench.stand import Stand

AT_ONCE = 16
SENDERS = 5000
CHAT_SDK_ACKS = 342  # a second; the nearest peer, measured once on two such cores; it stores nothing
MOST_P99_RATIO = 5
TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True)
class Round:
    bare: Load
    bare_cpu: Spent
    acks: Load
    cpu: Spent

    @property
    def ratio(self) -> float:
        return ratio(self.acks.rate, self.bare.rate)


def measure(stand: Stand, size: Size) -> list[Figure]:
    figures = []
    for database in stand.databases:
        system = stand.system(database, has_workers=False)
        _warm_up(stand, system, size)
        rounds = [_round(stand, system, size) for _ in range(size.rounds)]
        figures += _figures(TITLES[database], rounds)
    return figures


def _warm_up(stand: Stand, system: System, size: Size) -> None:
    """Imports and connections are made; a system that refuses is not measured at all."""
    for port in (stand.bare_port, system.port):
        load = drive(port, requests(size.acks // 10), AT_ONCE)
        if load.refused:
            raise RuntimeError(f"Webhooks were answered {load.said} instead of 200.")


def _round(stand: Stand, system: System, size: Size) -> Round:
    """The bare route and the webhook one right after the other: whatever disturbs the machine disturbs both."""
    bare_bodies, bodies = requests(size.bare_acks), requests(size.acks)
    with metered({"web": stand.bare.pid}) as bare_cpu:
        bare = drive(stand.bare_port, bare_bodies, AT_ONCE)
    with metered(system.parts) as cpu:
        acks = drive(system.port, bodies, AT_ONCE)
    return Round(bare, bare_cpu, acks, cpu)


def requests(count: int) -> list[bytes]:
    return [webhooks.signed(webhooks.text(webhooks.customer(number % SENDERS))) for number in range(count)]


def _figures(title: str, rounds: list[Round]) -> list[Figure]:
    bare_rate = median(one.bare.rate for one in rounds)
    count = max(1, min(len(one.acks.latencies) for one in rounds))
    bare_p99 = median(_ms(one.bare, 99) for one in rounds)
    p99 = median(_ms(one.acks, 99) for one in rounds)
    app_cpu = median(per(one.cpu.of("web"), count) for one in rounds)
    beside = median(per(one.cpu.of("redis", "database"), count) for one in rounds)
    bare_cpu = median(per(one.bare_cpu.total, len(one.bare.latencies)) for one in rounds)
    load_cpu = median(per(one.acks.cpu_seconds, count) for one in rounds)
    return [
        Figure(
            f"{title}: acks a second",
            median(one.acks.rate for one in rounds),
            "/s",
            "more than Chat SDK",
            Reference("bare route", bare_rate),
        ),
        Figure(
            f"{title}: of the bare route's rate", median(one.ratio for one in rounds), "×", "share of the bare route"
        ),
        Figure(
            f"{title}: ack p50",
            median(_ms(one.acks, 50) for one in rounds),
            "ms",
            "",
            Reference("bare route", median(_ms(one.bare, 50) for one in rounds)),
        ),
        Figure(f"{title}: ack p99", p99, "ms", "", Reference("bare route", bare_p99)),
        Figure(
            f"{title}: p99 over the bare route's",
            median(ratio(_ms(one.acks, 99), _ms(one.bare, 99)) for one in rounds),
            "×",
            "p99 over the bare route's",
        ),
        Figure(
            f"{title}: CPU of the web processes an ack", app_cpu, "ms", "CPU an ack", Reference("bare route", bare_cpu)
        ),
        Figure(
            f"{title}: CPU of Redis and database server an ack", beside, "ms", "", Reference("load generator", load_cpu)
        ),
        Figure(f"{title}: answered other than 2xx", sum(one.acks.refused for one in rounds), "", "refused"),
    ]


def _ms(load: Load, percent: float) -> float:
    return percentile(load.latencies, percent) * 1000


ROW = Row(
    "B1",
    "webhook ack, durable, 16 at once, two web processes",
    {
        "more than Chat SDK": at_least(CHAT_SDK_ACKS),
        "share of the bare route": at_least(0.20),
        "p99 over the bare route's": at_most(MOST_P99_RATIO),
        "CPU an ack": at_most(1.9),
        "refused": at_most(0),
    },
    measure,
)
