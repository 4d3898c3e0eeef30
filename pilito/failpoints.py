"""Places on the way of an event at which a fault can be planted, to see what is left by a crash at exactly that place.

`PILITO_FAILPOINT=p6_before:kill` ends the process there, as kill -9 does; `raise` raises, `sleep30` waits 30 seconds;
several are parted by commas. Each place has a point before and one after it. Production refuses to start with any.
Where nothing is planted, a point costs a look into an empty table (docs/chaos.md).
"""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pilito.errors import ConfigError

# The way of an event, in its order; `commit` are ends of a transaction (database.transaction), `call` reaches outside.
POINTS = {
    "p1": "call: a webhook comes in, its signature is looked at",
    "p2": "commit: its body is on the ledger",
    "p3": "call: a worker is asked to look at a row",
    "read": "commit: what it says is in rows, and its turn is open",
    "p4": "commit: a turn is claimed",
    "p5": "call: the model is asked",
    "p6": "commit: a reply is recorded; the assistant's is claimed for its send",
    "p7": "commit: a part of a reply is claimed for its send",
    "p8": "call: the provider is asked to send it",
    "p9": "commit: what became of the send",
    "p10": "call: browsers are told",
}
SIDES = ("before", "after")
WORD = re.compile(rf"({'|'.join(POINTS)})_({'|'.join(SIDES)}):(kill|raise|sleep(\d+))")

_armed: dict[str, Callable[[], None]] = {}


class PlantedError(Exception):
    """What a failpoint raises."""


def arm(words: str, in_production: bool = False) -> None:
    """Plant what PILITO_FAILPOINT says; raise ConfigError where it says nothing that we know."""
    _armed.clear()
    for word in filter(None, (part.strip() for part in words.split(","))):
        found = WORD.fullmatch(word)
        if found is None or in_production:
            wanted = "nothing in production" if found else "a point and what happens there, as p6_before:kill"
            raise ConfigError(f"PILITO_FAILPOINT: expected {wanted}, but got {word!r}.")
        name, side, deed, seconds = found.groups()
        plant(f"{name}_{side}", {"kill": _die, "raise": _raise}.get(deed) or _sleeper(int(seconds)))


def plant(point: str, deed: Callable[[], None]) -> None:
    _armed[point] = deed


@contextmanager
def around(name: str) -> Iterator[None]:
    """The point before what the block does, and the one after it."""
    reach(f"{name}_before")
    yield
    reach(f"{name}_after")


def reach(point: str) -> None:
    if _armed and point in _armed:
        _armed[point]()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _raise() -> None:
    raise PlantedError("planted by PILITO_FAILPOINT")


def _sleeper(seconds: int) -> Callable[[], None]:
    return lambda: time.sleep(seconds)
