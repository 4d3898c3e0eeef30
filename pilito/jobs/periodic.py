"""What runs by the clock: a list, driven by the scheduler process."""

from collections.abc import Callable
from dataclasses import dataclass

from pilito.clock import utc_now
from pilito.conversations import upkeep
from pilito.conversations.sweep import sweep
from pilito.jobs import patient


@dataclass(frozen=True)
class Periodic:
    name: str
    every_seconds: float
    run: Callable[[], None]


@patient
def sweep_unfinished() -> None:
    sweep(utc_now())


@patient
def wake_upkeep() -> None:
    upkeep.wake_due(utc_now())


PERIODIC = (Periodic("sweep", 5, sweep_unfinished), Periodic("upkeep", 15, wake_upkeep))
