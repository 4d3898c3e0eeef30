"""B3: how many replies a second go the whole way, and what each costs over all processes."""

import subprocess
import sys
from itertools import count

from bench import webhooks
from bench.figures import Figure, Reference, Row, at_least, at_most, median, per
from bench.load import Client, Crowd, Talk
from bench.proc import Spent, metered
from bench.processes import ROOT, System
from bench.size import Size
from bench.stand import Stand

CUSTOMERS = 500
JOBS_A_REPLY = 3  # receive, answer, deliver
ROUNDS = 3
PARTS = ("web", "worker", "scheduler", "redis", "database")

_numbers = count()
customers = (webhooks.customer(number % CUSTOMERS) for number in _numbers)


def measure(stand: Stand, size: Size) -> list[Figure]:
    figures = []
    for database in stand.databases:
        system = stand.system(database)
        stand.set_model_delay(0)
        title = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[database]
        figures += _figures(title, *_measured(stand, system, size))
    return figures


def _measured(
    stand: Stand, system: System, size: Size
) -> tuple[list[Talk], list[Spent], int, list[tuple[float, float]]]:
    talks, costs, noops = [], [], []
    with Client(system.port, stand.fakes_port) as client:
        crowd = Crowd(client, ask, customers, size.loop_outstanding)
        crowd.warm_up(size.loop_seconds / 2)
        for _ in range(min(size.rounds, ROUNDS)):
            with metered({**system.parts, "fakes": stand.fakes.pid}) as spent:
                talks.append(crowd.run(size.loop_seconds))
            costs.append(spent)
        lost = crowd.drain()
    for _ in range(min(size.rounds, ROUNDS)):
        noops.append(_noop(system, size.noop_jobs))
    return talks, costs, lost, noops


def ask(customer: str) -> bytes:
    return webhooks.signed(webhooks.text(customer))


def _noop(system: System, jobs: int) -> tuple[float, float]:
    """Jobs a second and CPU ms per job of RQ's own worker with jobs that do nothing, on the same Redis."""
    command = [sys.executable, "-m", "bench.noop", system.redis_url, str(jobs)]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603
    rate, cpu_ms = said.split()
    return float(rate), float(cpu_ms)


def _figures(
    title: str, talks: list[Talk], costs: list[Spent], lost: int, noops: list[tuple[float, float]]
) -> list[Figure]:
    rate = median(talk.answered / talk.seconds for talk in talks)
    cost = median(per(spent.of(*PARTS), talk.answered) for spent, talk in zip(costs, talks, strict=True))
    noop_rate, noop_cpu = (median(one[place] for one in noops) for place in (0, 1))
    other = median(
        per(spent.of("fakes") + talk.cpu_seconds, talk.answered) for spent, talk in zip(costs, talks, strict=True)
    )
    figures = [
        Figure(
            f"{title}: replies a second",
            rate,
            "/s",
            "replies a second",
            Reference(f"one RQ worker, {JOBS_A_REPLY} empty jobs", noop_rate / JOBS_A_REPLY),
        ),
        Figure(
            f"{title}: CPU of all processes a reply",
            cost,
            "ms",
            "CPU a reply",
            Reference(f"one RQ worker, {JOBS_A_REPLY} empty jobs", noop_cpu * JOBS_A_REPLY),
        ),
    ]
    for part in PARTS:
        if part in costs[0].by_part:
            values = [per(spent.of(part), talk.answered) for spent, talk in zip(costs, talks, strict=True)]
            figures.append(Figure(f"{title}:   of it {part}", median(values), "ms"))
    figures.append(Figure(f"{title}: CPU of fake provider and load generator a reply", other, "ms"))
    figures.append(Figure(f"{title}: never answered", lost, "", "unanswered"))
    return figures


ROW = Row(
    "B3",
    "replies a second, whole path, model 0 ms, 32 questions open, 500 customers",
    {"replies a second": at_least(40), "CPU a reply": at_most(40), "unanswered": at_most(0)},
    measure,
)
