"""What breaks in a run, and when; and the hand that breaks it."""

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from chaos.house import House

WORKER_EVERY_SECONDS = 2.0
WEB_EVERY_SECONDS = 15.0
SCHEDULER_EVERY_SECONDS = 20.0
PROVIDER_FAILURES: tuple[dict[str, Any], ...] = (
    {"error": "temporary"},
    {"error": "unknown"},
    {"http_status": 503},
    {"error": "custom_limit", "retry_after": 1},
    {"hang": 2.0},
    {"accept_then_hang": 20.0},
    {"accept_then_500": True},
    {"accept_then_broken_json": True},
    {"accept_then_hang": 20.0, "echo": "none"},
    {"accept_then_500": True, "echo": "late", "echo_delay_seconds": 3.0},
    {"reset": "before"},
    {"reset": "after"},
    {"refuse": True},
    {"echo": "before"},
    {"error": "person_unavailable"},
)
SOON = 12  # of so many sends one fails for certain
SCRIPT_LENGTH = 400  # sends that are scripted at a time; the rest go well until more is scripted


@dataclass(frozen=True)
class Blow:
    at: float  # seconds from the start
    what: str


def make_blows(seed: int, seconds: float) -> list[Blow]:
    """When what dies: workers every two seconds, the web every fifteen, Redis three times, the database once."""
    chance = random.Random(seed)  # noqa: S311 -- to be repeated
    blows = [Blow(at, "worker" if number % 2 else "worker-2") for number, at in _every(WORKER_EVERY_SECONDS, seconds)]
    blows += [Blow(at + 0.7, "web") for _, at in _every(WEB_EVERY_SECONDS, seconds)]
    blows += [Blow(at + 1.1, "scheduler") for _, at in _every(SCHEDULER_EVERY_SECONDS, seconds)]
    for part, what in ((0.2, "redis"), (0.45, "flush"), (0.7, "redis")):
        blows.append(Blow(seconds * part + chance.uniform(0, 2), what))
    blows.append(Blow(seconds * 0.55 + chance.uniform(0, 2), "database"))
    return sorted((blow for blow in blows if blow.at < seconds), key=lambda blow: blow.at)


def _every(pause: float, seconds: float) -> list[tuple[int, float]]:
    return [(number, (number + 1) * pause) for number in range(int(seconds / pause))]


def make_failures(
    seed: int, share: float, count: int, kinds: Sequence[dict[str, Any]] = PROVIDER_FAILURES
) -> list[dict[str, Any]]:
    """What becomes of the next `count` sends; `{}` goes well."""
    chance = random.Random(seed)  # noqa: S311 -- to be repeated
    made = [chance.choice(kinds) if chance.random() < share else {} for _ in range(count)]
    if share and not any(made[:SOON]):
        made[chance.randrange(SOON)] = chance.choice(kinds)  # a small run has few sends, and one of them must fail
    return made


def kind_of(name: str) -> str:
    """What dies, of whichever number: worker for worker-2."""
    return name.partition("-")[0]


def struck(blows: Sequence[Blow], deaths: Mapping[str, int], seconds: float) -> dict[str, list[int]]:
    """How often each kind was to die in so many seconds, and how often it did."""
    found: dict[str, list[int]] = {kind_of(blow.what): [0, 0] for blow in blows}
    for blow in blows:
        found[kind_of(blow.what)][0] += blow.at <= seconds
    for name, times in deaths.items():
        found.setdefault(kind_of(name), [0, 0])[1] += times
    return found


def first_of(failures: list[dict[str, Any]], waiting: int) -> list[dict[str, Any]]:
    """What is still to come of the first sends, when so many of these have not been met."""
    return failures[len(failures) - waiting : SOON]


class Nemesis:
    """Breaks things on a thread of its own until it is stopped."""

    def __init__(self, house: House, blows: list[Blow], failures: list[dict[str, Any]]) -> None:
        self._house, self._blows, self._failures = house, blows, failures
        self._stopping = threading.Event()
        self.spared = 0  # blows that met a program before it had begun its work
        self.error = ""  # what ended it before its time: nothing dies any more, and what holds then has not been tried
        self._thread = threading.Thread(target=self._run, name="nemesis", daemon=True)

    def start(self) -> None:
        self._script_failures()
        self._began = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Break nothing more; failures that no send has met are forgotten, but those of the first sends: on a slow
        machine these may all be still to come."""
        self._stopping.set()
        self._thread.join()
        for port in self._house.provider_ports:
            control = f"http://127.0.0.1:{port}/instagram/control"
            waiting = len(requests.get(f"{control}/state", timeout=10).json()["faults"])
            requests.delete(f"{control}/faults", timeout=10).raise_for_status()
            self._script(port, first_of(self._failures, waiting))

    def _script_failures(self) -> None:
        for port in self._house.provider_ports:
            self._script(port, self._failures)

    def _script(self, port: int, failures: list[dict[str, Any]]) -> None:
        if failures:
            url = f"http://127.0.0.1:{port}/instagram/control/faults"
            requests.post(url, json=failures, timeout=10).raise_for_status()

    def _run(self) -> None:
        for blow in self._blows:
            if self._stopping.wait(max(0.0, self._began + blow.at - time.monotonic())):
                return
            try:
                self._strike(blow.what)
            except Exception as error:
                self.error = f"{blow.what}: {type(error).__name__}: {error}"
                return

    def _strike(self, what: str) -> None:
        special: dict[str, Callable[[], None]] = {
            "flush": self._house.flush_redis,
            "database": self._house.break_database,
        }
        if what in special:
            special[what]()
        elif self._house.is_at_work(what):
            self._house.kill(what)
        else:
            self.spared += 1
