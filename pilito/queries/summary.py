"""The counts of `GET /api/v1/stats`: sums that are kept, and the rows that came since (queries/counters.py).

They never walk over all rows. What was counted stays counted when its customer is erased, as in /metrics.
"""

from typing import Any

from pilito.lifecycle import DeliveryState, EventOutcome, ShareState
from pilito.queries import counters, stats
from pilito.queries.counters import Numbers, labelled

Counts = dict[str, int]
# A delivery of the provider that no worker has read yet; it has no outcome, so it is none of EventOutcome.
PENDING = stats.PENDING


def summary() -> dict[str, Any]:
    kept = counters.totals()
    return {
        "shares": _shares(kept["share"], kept["message"]),
        "pending_share_cache": _pending_share_cache(kept["share"]),
        "events": _events(kept["event"]),
        "replies": _replies(kept["message"], kept["turn"]),
        "deliveries": _deliveries(kept["delivery"]),
        "unknown_types": stats.unknown_types(),
    }


def events() -> Counts:
    """Count the events of all channels by outcome; `received` is their sum.

    A body that waits counts as one pending event, and one that could not be read as one failed event: how many were in
    it is not known.
    """
    return _events(counters.totals("event")["event"])


def _shares(shares: Numbers, messages: Numbers) -> Counts:
    """The shares customers sent, and what became of them."""
    return {"received": int(messages.get("shares", 0)), **{state.value: _whole(shares, state) for state in ShareState}}


def _pending_share_cache(shares: Numbers) -> dict[str, float | None]:
    """How often Redis still knew the waiting share when its question came; the rate is None before the first."""
    hits, misses = _whole(shares, "hits"), _whole(shares, "misses")
    return {"hits": hits, "misses": misses, "hit_rate": hits / (hits + misses) if hits + misses else None}


def _events(counted: Numbers) -> Counts:
    by_channel = {(labels[0], labels[1]): int(count) for labels, count in labelled(counted, "event")}
    stats.add_unread(by_channel)
    totals = dict.fromkeys((*(outcome.value for outcome in EventOutcome), PENDING), 0)
    for (_channel, outcome), count in by_channel.items():
        totals[outcome] += count
    return {"received": sum(totals.values()), **totals}


def _replies(messages: Numbers, turns: Numbers) -> Counts:
    """The replies by who wrote them, and the turns the assistant gave to people instead."""
    handed_over = sum(int(count) for _why, count in labelled(turns, "handed_over"))
    written = {sender.value: _whole(messages, f"by|{sender.value}") for sender in stats.SENDERS}
    return {**written, "hand_overs": handed_over}


def _deliveries(counted: Numbers) -> Counts:
    totals = {state.value: 0 for state in DeliveryState}
    for (_channel, state), count in labelled(counted, "sent"):
        totals[state] += int(count)
    return totals


def _whole(numbers: Numbers, name: str) -> int:
    return int(numbers.get(name, 0))
