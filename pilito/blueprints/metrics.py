"""Prometheus metrics, counted in the database and in Redis at each scrape.

So they are sums over all processes and survive restarts, and nothing has to be counted twice. A cache was refused:
several web processes with caches of different ages would answer a lower number after a higher one, which Prometheus
reads as a restart of the counter. Each family is one grouped query.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain

from flask import current_app
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from rq.utils import utcparse

from pilito import hints, keys
from pilito.conversations import signals
from pilito.hints import JsonJob
from pilito.queries import stats
from pilito.queries.panel import count_waiting_too_long
from pilito.queries.stats import Histogram

Families = Iterator[Metric]
Counted = Iterable[tuple[tuple[str, ...], float]]

# Seconds. A reply waits for quiet (3 s) and for the model; people are told after a minute or so.
REPLY_BOUNDS = (1.0, 2.5, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
MODEL_BOUNDS = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 60.0)


class PilitoCollector(Collector):
    """Counts when it is asked, not before."""

    def collect(self) -> Families:
        # Redis away must not hide what the database knows; its own numbers are missing then, not zero.
        of_redis = map(_unless_redis_is_away, (_queues, _signals))
        return chain(_shares(), _events(), _replies(), _deliveries(), _waiting(), _model(), *of_redis)


def exposition() -> bytes:
    """Return all metrics in Prometheus' text format. Raises SQLAlchemyError when the database is away."""
    # A registry of our own: the global one would add numbers of this one process.
    registry = CollectorRegistry(auto_describe=False)
    registry.register(PilitoCollector())
    return generate_latest(registry)


def _shares() -> Families:
    shares, cache = stats.shares(), stats.pending_share_cache()
    for name, value, meaning in (
        ("share_messages", shares["received"], "Shares that customers sent."),
        (
            "share_timeouts",
            shares["expired"],
            "Shares whose wait ended without a question; steps back by one when a late question still takes its share.",
        ),
        ("share_combined", shares["combined"], "Shares combined with their question."),
        ("pending_share_cache_hits", cache["hits"] or 0, "Questions whose share Redis still knew."),
        ("pending_share_cache_misses", cache["misses"] or 0, "Questions whose share only the database knew."),
    ):
        yield CounterMetricFamily(f"pilito_{name}", meaning, value=value)


def _events() -> Families:
    meaning = "Events of webhooks by what became of them; a body not read yet counts as one pending event."
    yield _counter("events", meaning, ("channel", "outcome"), stats.events_by_channel().items())


def _replies() -> Families:
    replies = stats.replies()
    handed_over = replies.pop("hand_overs")
    outcomes = [((outcome,), count) for outcome, count in (*replies.items(), ("handed_over", handed_over))]
    yield _counter("replies", "Replies by who wrote them, and turns handed over to people.", ("outcome",), outcomes)


def _deliveries() -> Families:
    meaning = "Deliveries by state; only sent and failed are final, so take rates of these two."
    yield _counter("deliveries", meaning, ("channel", "state"), stats.deliveries_by_channel().items())
    meaning = "Seconds from a question's arrival until the channel took the first part of the assistant's reply."
    yield _histogram("reply_seconds", meaning, REPLY_BOUNDS, stats.reply_seconds(REPLY_BOUNDS))


def _waiting() -> Families:
    meaning = "Conversations that the assistant holds and that are unanswered for longer than their inbox allows."
    yield GaugeMetricFamily("pilito_conversations_waiting_too_long", meaning, count_waiting_too_long(datetime.now(UTC)))


def _model() -> Families:
    meaning = "Seconds the model took for an answer that was recorded."
    yield _histogram("model_seconds", meaning, MODEL_BOUNDS, stats.model_seconds(MODEL_BOUNDS))
    tokens = [((kind,), count) for kind, count in stats.model_tokens().items()]
    yield _counter("model_tokens", "Tokens of recorded answers.", ("kind",), tokens)


def _queues() -> Families:
    depth = GaugeMetricFamily("pilito_queue_depth", "Jobs that wait.", labels=("queue",))
    oldest = GaugeMetricFamily("pilito_queue_oldest_seconds", "How long the next job has waited.", labels=("queue",))
    for name in keys.QUEUES:
        count, seconds = queue_state(name)
        depth.add_metric((name,), count)
        oldest.add_metric((name,), seconds)
    yield from (depth, oldest)


def queue_state(name: str) -> tuple[int, float]:
    """Return how many jobs wait in this queue, and how long the next one has waited. Raises RedisError."""
    return int(hints.queue(name).count), _waited_seconds(name, datetime.now(UTC))


def _signals() -> Families:
    meaning = "Signs to customers that we have seen them or are writing, by what became of them."
    yield _counter("signals", meaning, ("signal", "outcome"), signals.counts().items())


def _waited_seconds(queue_name: str, now: datetime) -> float:
    enqueued_at = _enqueued_at(queue_name)
    return max(0.0, (now - enqueued_at).total_seconds()) if enqueued_at else 0.0


def _enqueued_at(queue_name: str) -> datetime | None:
    """When the job at the front of the queue was put there; one field is read, nothing of the job is decoded."""
    first = hints.queue(queue_name).get_job_ids(0, 1)
    stored = current_app.extensions["pilito_redis"].hget(JsonJob.key_for(first[0]), "enqueued_at") if first else None
    return utcparse(stored.decode()) if stored else None


def _unless_redis_is_away(families: Callable[[], Families]) -> Families:
    try:
        yield from list(families())
    except RedisError:
        return


def _counter(name: str, meaning: str, labels: tuple[str, ...], counted: Counted) -> Metric:
    family = CounterMetricFamily(f"pilito_{name}", meaning, labels=labels)
    for values, count in sorted(counted):
        family.add_metric(values, count)
    return family


def _histogram(name: str, meaning: str, bounds: tuple[float, ...], histogram: Histogram) -> Metric:
    names = [str(bound) for bound in bounds] + ["+Inf"]
    buckets = list(zip(names, histogram.counts, strict=True))
    return HistogramMetricFamily(f"pilito_{name}", meaning, buckets=buckets, sum_value=histogram.sum_seconds)
