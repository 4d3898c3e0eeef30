"""Prometheus metrics, counted in the database and in Redis at each scrape.

So they are sums over all processes and survive restarts, and nothing has to be counted twice. A cache was refused:
several web processes with caches of different ages would answer a lower number after a higher one, which Prometheus
reads as a restart of the counter. What will not change any more is summed in a table (queries/counters.py), so that a
scrape counts the newest rows only.

Rows go when a customer is erased, and a share changes its state when a late question takes it. A counter must not step
back then, for Prometheus would count everything again: what went is remembered in Redis and added (STEADY).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any

from flask import current_app
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from rq import Worker
from rq.serializers import JSONSerializer
from rq.utils import utcparse

from pilito import hints, keys
from pilito.clock import utc_now
from pilito.conversations import signals
from pilito.conversations.media_mark import find_written
from pilito.hints import JsonJob
from pilito.knowledge.overdue import find_overdue
from pilito.queries import comments, counters, stats, watch
from pilito.queries.counters import MODEL_BOUNDS, REPLY_BOUNDS, histogram, labelled
from pilito.queries.panel import count_waiting_too_long
from pilito.queries.stats import Histogram

Families = Iterator[Metric]
Kept = dict[str, counters.Numbers]
Counted = Iterable[tuple[tuple[str, ...], float]]


class PilitoCollector(Collector):
    """Counts when it is asked, not before."""

    def collect(self) -> Families:
        # Redis away must not hide what the database knows; its own numbers are missing then, not zero.
        scrape = _number_scrape()
        kept = counters.totals()
        counted = [*_shares(kept), *_events(kept), *_replies(kept), *_deliveries(kept), *_model(kept)]
        of_redis = map(_unless_redis_is_away, (_queues, _workers, _signals))
        return chain(_steady(counted, scrape), _waiting(), _accounts(), *of_redis)


def exposition() -> bytes:
    """Return all metrics in Prometheus' text format. Raises SQLAlchemyError when the database is away."""
    # A registry of our own: the global one would add numbers of this one process.
    registry = CollectorRegistry(auto_describe=False)
    registry.register(PilitoCollector())
    return generate_latest(registry)


def _shares(kept: Kept) -> Families:
    shares = kept["share"]
    for name, value, meaning in (
        ("share_messages", kept["message"].get("shares", 0), "Shares that customers sent."),
        ("share_timeouts", shares.get("expired", 0), "Shares whose wait ended without a question."),
        ("share_combined", shares.get("combined", 0), "Shares combined with their question."),
        ("pending_share_cache_hits", shares.get("hits", 0), "Questions whose share Redis still knew."),
        ("pending_share_cache_misses", shares.get("misses", 0), "Questions whose share only the database knew."),
    ):
        yield CounterMetricFamily(f"pilito_{name}", meaning, value=value)


def _events(kept: Kept) -> Families:
    meaning = "Events of webhooks by what became of them; a body not read yet counts as one pending event."
    counts = {(labels[0], labels[1]): int(count) for labels, count in labelled(kept["event"], "event")}
    stats.add_unread(counts)
    yield _counter("events", meaning, ("channel", "outcome"), counts.items())


def _replies(kept: Kept) -> Families:
    written = kept["message"]
    reasons = labelled(kept["turn"], "handed_over")
    outcomes = [((sender.value,), written.get(f"by|{sender.value}", 0)) for sender in stats.SENDERS]
    outcomes.append((("handed_over",), sum(count for _why, count in reasons)))
    yield _counter("hand_overs", "Turns handed over to people, by reason.", ("reason",), reasons)
    yield _counter("replies", "Replies by who wrote them, and turns handed over to people.", ("outcome",), outcomes)


def _deliveries(kept: Kept) -> Families:
    meaning = "Deliveries by state; only sent and failed are final, so take rates of these two."
    yield _counter("deliveries", meaning, ("channel", "state"), labelled(kept["delivery"], "sent"))
    meaning = "Seconds from a question's arrival until the channel took the first part of the assistant's reply."
    yield _histogram("reply_seconds", meaning, REPLY_BOUNDS, histogram(kept["delivery"], REPLY_BOUNDS))


def _waiting() -> Families:
    meaning = "Conversations that the assistant holds and that are unanswered for longer than their inbox allows."
    yield GaugeMetricFamily("pilito_conversations_waiting_too_long", meaning, count_waiting_too_long(utc_now()))


def _model(kept: Kept) -> Families:
    meaning = "Seconds the model took for an answer that was recorded."
    yield _histogram("model_seconds", meaning, MODEL_BOUNDS, histogram(kept["proof"], MODEL_BOUNDS))
    yield _counter("model_tokens", "Tokens of recorded answers.", ("kind",), labelled(kept["proof"], "tokens"))


def _accounts() -> Families:
    """Gauges that alerts look at."""
    active = GaugeMetricFamily("pilito_inbox_active", "1 where the account can send.", labels=("inbox", "channel"))
    expires = GaugeMetricFamily(
        "pilito_inbox_token_expires_timestamp_seconds",
        "When the token ends; missing where it does not.",
        labels=("inbox",),
    )
    heard = GaugeMetricFamily(
        "pilito_inbox_last_webhook_timestamp_seconds", "When the newest event came, to a minute.", labels=("inbox",)
    )
    for account in watch.accounts():
        inbox = str(account.inbox_id)
        active.add_metric((inbox, account.channel), account.is_active)
        if account.token_expires_at:
            expires.add_metric((inbox,), account.token_expires_at.timestamp())
        if account.last_webhook_at:
            heard.add_metric((inbox,), account.last_webhook_at.timestamp())
    yield from (active, expires, heard)
    meaning = "Replies of which nobody knows whether they arrived."
    yield GaugeMetricFamily("pilito_unknown_sends", meaning, value=watch.unknown_sends())
    meaning = "Private replies that people wrote, that were not sent, and that nobody has seen to."
    yield GaugeMetricFamily("pilito_unsent_private_replies", meaning, value=comments.count_unsent(utc_now()))
    meaning = "Shops and pages that could not be read for a day beyond their usual time."
    yield GaugeMetricFamily("pilito_overdue_sources", meaning, value=len(find_overdue()))
    meaning = "1 while nothing is dropped from the bucket of files, for it may be another Pilito's."
    yield GaugeMetricFamily("pilito_bucket_held", meaning, value=find_written() is not None)
    made_at = watch.last_backup_at()
    if made_at:
        meaning = "When the last good backup was begun; missing where there is none."
        yield GaugeMetricFamily("pilito_backup_timestamp_seconds", meaning, value=made_at.timestamp())


def _workers() -> Families:
    redis = current_app.extensions["pilito_redis"]
    counts = Counter(
        name
        for worker in Worker.all(connection=redis, job_class=JsonJob, serializer=JSONSerializer)
        for name in worker.queue_names()
    )
    family = GaugeMetricFamily("pilito_workers", "Worker threads that serve a queue.", labels=("queue",))
    for name in keys.QUEUES:
        family.add_metric((name,), counts[name])
    yield family
    alive = redis.exists(keys.SCHEDULER_BEAT)
    yield GaugeMetricFamily("pilito_scheduler_alive", "1 where a scheduler is at work.", value=alive)


def _queues() -> Families:
    depth = GaugeMetricFamily("pilito_queue_depth", "Jobs that wait, or unread webhooks.", labels=("queue",))
    oldest = GaugeMetricFamily("pilito_queue_oldest_seconds", "How long the next one has waited.", labels=("queue",))
    for name in keys.QUEUES:
        count, seconds = queue_state(name)
        depth.add_metric((name,), count)
        oldest.add_metric((name,), seconds)
    yield from (depth, oldest)


def queue_state(name: str) -> tuple[int, float]:
    """Return how many jobs wait in this queue, and how long the next one has waited. Raises RedisError.

    Of the webhooks it is the rows that wait: a few jobs are enough to have thousands of them read.
    """
    if name == keys.RECEIVE:
        return stats.unread_webhooks(utc_now())
    return int(hints.queue(name).count), _waited_seconds(name, utc_now())


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


# --- counters that never step back ------------------------------------------------------------------------------------

# Last and added of each sample in one hash. A scrape that began before the one that wrote last adds nothing: it has
# counted less because it is older, not because rows went.
STEADY = """
local newest = tonumber(redis.call('HGET', KEYS[1], 'scrape') or 0)
local scrape = tonumber(ARGV[1])
local shown = {}
for i = 2, #ARGV, 2 do
  local last_field, added_field, value = 'last:' .. ARGV[i], 'added:' .. ARGV[i], tonumber(ARGV[i + 1])
  local last = tonumber(redis.call('HGET', KEYS[1], last_field) or 0)
  local added = tonumber(redis.call('HGET', KEYS[1], added_field) or 0)
  if scrape < newest then
    value = math.max(value, last)
  else
    if value < last then
      added = added + last - value
      redis.call('HSET', KEYS[1], added_field, string.format('%.17g', added))
    end
    if value ~= last then redis.call('HSET', KEYS[1], last_field, string.format('%.17g', value)) end
  end
  shown[#shown + 1] = string.format('%.17g', value + added)
end
if scrape > newest then redis.call('HSET', KEYS[1], 'scrape', ARGV[1]) end
return shown
"""
# States that a row leaves again: counted, but no counter.
PASSING = {"pending", "sending", "unknown", "waiting"}


def _number_scrape() -> int | None:
    """Before anything is counted; None while Redis is away."""
    try:
        return int(current_app.extensions["pilito_redis"].incr(keys.METRICS_SCRAPES))
    except RedisError:
        return None


def _steady(families: list[Metric], scrape: int | None) -> list[Metric]:
    """Add what each counter has lost; without Redis they are shown as they are."""
    if scrape is None:
        return families
    counted = [
        (family, index, sample)
        for family in families
        for index, sample in enumerate(family.samples)
        if not PASSING & set(sample.labels.values())
    ]
    words = [word for _family, _index, sample in counted for word in (_key_of(sample), repr(float(sample.value)))]
    try:
        shown = current_app.extensions["pilito_redis"].eval(STEADY, 1, keys.METRICS, scrape, *words)
    except RedisError:
        return families
    for (family, index, sample), value in zip(counted, shown, strict=True):
        family.samples[index] = sample._replace(value=float(value))
    return families


def _key_of(sample: Any) -> str:
    return "|".join((sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))))


def _counter(name: str, meaning: str, labels: tuple[str, ...], counted: Counted) -> Metric:
    family = CounterMetricFamily(f"pilito_{name}", meaning, labels=labels)
    for values, count in sorted(counted):
        family.add_metric(values, count)
    return family


def _histogram(name: str, meaning: str, bounds: tuple[float, ...], histogram: Histogram) -> Metric:
    names = [str(bound) for bound in bounds] + ["+Inf"]
    buckets = list(zip(names, histogram.counts, strict=True))
    return HistogramMetricFamily(f"pilito_{name}", meaning, buckets=buckets, sum_value=histogram.sum_seconds)
