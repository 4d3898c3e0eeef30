"""The time after the last fault: what is left to do, look by look, until nothing is or nothing moves any more."""

import time
from dataclasses import dataclass, field

from chaos import ledger
from chaos.house import House
from chaos.traffic import Phone

WORKING_SECONDS = 300.0  # that long the last messages may take to reach us: the provider tries for four minutes
LONGEST_DRAIN_SECONDS, LOOK_SECONDS = 900.0, 0.5
WEBHOOKS_ON_THEIR_WAY = "webhooks on their way"


@dataclass
class Drain:
    """`trail`: after how many seconds how many rows of each kind were left, wherever that changed."""

    seconds: float | None = None  # since the last fault; None: something was left when nothing moved any more
    trail: list[tuple[float, dict[str, int]]] = field(default_factory=list)

    def note(self, seconds: float, left: dict[str, int]) -> bool:
        """Write down what is left; return whether anything has moved."""
        left = {name: count for name, count in left.items() if count}
        if self.trail and self.trail[-1][1] == left:
            return False
        self.trail.append((round(seconds, 1), left))
        return True

    def ends(self) -> dict[str, float]:
        """When the last row of each kind was finished, the last kind first: where the time went."""
        found: dict[str, float] = {}
        for (_, before), (seconds, now) in zip(self.trail, self.trail[1:], strict=False):
            found.update({name: seconds for name in before if name not in now})
        return dict(sorted(found.items(), key=lambda end: -end[1]))


def drain(house: House, patience_seconds: float) -> Drain:
    """Wait until nothing is left to do, or nothing has moved for `patience_seconds`.

    As long as anything moves, for a slow machine must not look like a loss; I6 is violated all the same.
    """
    found, began = Drain(), time.monotonic()
    phones = [Phone(port) for port in house.provider_ports]
    database = ledger.open_database(house.database_url)
    moved = began
    while (now := time.monotonic()) - began < LONGEST_DRAIN_SECONDS:
        coming = sum(phone.pending() for phone in phones)
        left = ledger.unfinished(database)
        if left is not None and found.note(now - began, {WEBHOOKS_ON_THEIR_WAY: coming, **left}):
            moved = now
        if coming and now - began < WORKING_SECONDS:
            moved = now
        elif left is not None and not any(left.values()):
            found.seconds = round(now - began, 1)
            break
        elif now - moved > patience_seconds:
            break
        time.sleep(LOOK_SECONDS)
    database.dispose()
    return found
