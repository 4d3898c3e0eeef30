"""Places on the way of an event at which a fault can be planted, to see what is left by a crash at exactly that place.

`PILITO_FAILPOINT=p6_before:kill` ends the process there, as kill -9 does; `raise` raises, `sleep30` waits 30 seconds;
several are parted by commas. Each place has a point before and one after it. Production refuses to start with any.
Where nothing is planted, a point costs a look into an empty table (docs/chaos.md).

Every commit that has no name on the way of an event has the name of its verb: `conversations.expire.expire_due`.
"""

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

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
# Calls that leave the process elsewhere than on that way.
DOORS = {
    "graph": "call: the provider's API, whatever it is asked",
    "model": "call: the model's server, whatever it is asked",
    "outside": "call: an address of somebody else, by the one door to them",
    "store": "call: a file is kept, opened or dropped",
    "post": "call: the mail server",
    "dump": "call: the whole database is copied",
    "lines": "call: browsers are told of something that is no conversation",
}
SIDES = ("before", "after")
HOUSE = Path(__file__).parent
VERB = r"[a-z_]+(?:\.[a-z_]+)*\.[a-z_]+"
WORD = re.compile(rf"({'|'.join((*POINTS, *DOORS))}|{VERB})_({'|'.join(SIDES)}):(kill|raise|sleep(\d+))")

_armed: dict[str, Callable[[], None]] = {}


class PlantedError(Exception):
    """What a failpoint raises."""


def arm(words: str, in_production: bool = False) -> None:
    """Plant what PILITO_FAILPOINT says; raise ConfigError where it says nothing that we know."""
    _armed.clear()
    for word in filter(None, (part.strip() for part in words.split(","))):
        found = WORD.fullmatch(word)
        is_known = found is not None and _exists(found[1])
        if found is None or not is_known or in_production:
            wanted = "nothing in production" if is_known else "a point and what happens there, as p6_before:kill"
            raise ConfigError(f"PILITO_FAILPOINT: expected {wanted}, but got {word!r}.")
        name, side, deed, seconds = found.groups()
        plant(f"{name}_{side}", {"kill": _die, "raise": _raise}.get(deed) or _sleeper(int(seconds)))


def _exists(name: str) -> bool:
    """Whether there is such a place; a verb has one if its file has the function."""
    if name in POINTS or name in DOORS:
        return True
    module, _, function = name.rpartition(".")
    path = HOUSE / f"{module.replace('.', '/')}.py"
    return path.is_file() and f"def {function}(" in path.read_text(encoding="utf-8")


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


def verb(depth: int) -> str:
    """The verb that stands so many calls above the caller: the name of its commit. Asked only where something is
    planted."""
    if not _armed:
        return ""
    frame = sys._getframe(depth + 1)
    return f"{frame.f_globals['__name__'].removeprefix('pilito.')}.{frame.f_code.co_name}"


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _raise() -> None:
    raise PlantedError("planted by PILITO_FAILPOINT")


def _sleeper(seconds: int) -> Callable[[], None]:
    return lambda: time.sleep(seconds)
