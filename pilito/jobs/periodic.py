"""What runs by the clock: a list, driven by the scheduler process."""

from collections.abc import Callable
from dataclasses import dataclass

from pilito.clock import utc_now
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


PERIODIC = (Periodic("sweep", 5, sweep_unfinished),)
