"""How the fake's webhooks travel from now on: held back, or several times each; until told otherwise."""

import random
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from pilito.demo.store import HELD, Webhook

COPIES_LIMIT = 50


@dataclass(frozen=True)
class Weather:
    hold: bool = False  # every webhook waits for a release
    copies: int = 1  # how often each is posted


class Network:
    """In memory, as the faults: what disturbs a test must not outlive it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._weather = Weather()

    def set(self, weather: Weather) -> dict[str, object]:
        with self._lock:
            self._weather = weather
        return asdict(weather)

    def shape(self, webhooks: Sequence[Webhook]) -> list[Webhook]:
        """Return the webhooks as they travel now."""
        weather = self._weather
        held = [replace(one, state=HELD) if weather.hold else one for one in webhooks]
        return [one for one in held for _ in range(weather.copies)]


def ordered(webhook_ids: Sequence[int], order: str, seed: int) -> list[int]:
    """Return the ids as given, swapped (the last first), or shuffled, the same way for the same seed."""
    ids = list(webhook_ids)
    if order == "shuffled":
        random.Random(seed).shuffle(ids)  # noqa: S311  (to be repeated, not to be secret)
    return ids[::-1] if order == "swapped" else ids
