"""What a run asks of the system: the default one, the long one, and the small one in which a planted bug must show."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chaos.nemesis import PROVIDER_FAILURES
from chaos.plan import Sizes
from chaos.plants import PLANTS

EVENTS = 2_000  # as many are sent in a minute; in a longer run webhooks are late by more
PLANTED_SIZES = Sizes(
    events_per_second=16.0,
    early_questions=0.5,
    duplicates=0.15,
    delayed=0.15,
    changes=0.1,
    operators=0.5,
    events_a_customer=5,
)


@dataclass(frozen=True)
class Terms:
    """How hard a run is on the system, and how patient its judge."""

    sizes: Sizes
    failures: float = 0.03  # of the sends, and of the calls of the model
    sends: Sequence[dict[str, Any]] = PROVIDER_FAILURES
    interruptions: float = 0.05  # in so many calls of the model the customer writes on meanwhile
    model_seconds: float = 0.0
    model_timeout_seconds: float = 5.0  # then Pilito waits no longer; half of it the model waits for who writes on
    patience_seconds: float = 100.0  # so long nothing may move: an uncertain send has a lease of a minute
    is_calm: bool = False  # nothing dies, nobody fails


def terms(events: int, rate: float, plant: str = "", calm: bool = False) -> Terms:
    """Most planted bugs show where nothing dies, in a run full of people and repetitions, with a slow model."""
    if not plant:
        sizes = Sizes(events_per_second=rate, longest_delay_seconds=8.0 if events <= EVENTS else 30.0)
        return Terms(sizes, failures=0.0 if calm else Terms.failures, is_calm=calm)
    is_calm = calm or not PLANTS[plant].needs_faults
    return Terms(
        PLANTED_SIZES,
        failures=0.0 if is_calm else 0.25,
        sends=PLANTS[plant].sends or PROVIDER_FAILURES,
        interruptions=0.5,
        model_seconds=1.0,
        model_timeout_seconds=30.0,
        patience_seconds=30.0,  # a bug may leave rows for ever
        is_calm=is_calm,
    )
