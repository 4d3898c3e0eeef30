"""How fast an account may be called: so that the provider never has to say no.

Both only delay. The windows are counted in Redis, which may be away: then there is no limit but the provider's own.
"""

import logging
import random
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import current_app
from redis.exceptions import RedisError

from pilito import keys
from pilito.channels.base import Limit, Usage
from pilito.extensions import redis
from pilito.models import Inbox

if TYPE_CHECKING:
    from limits.strategies import MovingWindowRateLimiter

log = logging.getLogger(__name__)

SHORTEST_WAIT_SECONDS = 0.05
SLOW_FROM_PERCENT = 80
FULL_PERCENT = 100
# The provider counts by the hour and tells no end: long enough for something to have fallen out of its window.
FULL_PAUSE_SECONDS = 300.0


def wait_seconds(inbox_id: int, limits: Iterable[Limit]) -> float:
    """Count a call of this account; return 0 when it may be made now, else after how many seconds to ask again."""
    try:
        return max((_take(inbox_id, limit) for limit in limits), default=0.0)
    except RedisError as error:
        log.warning("Redis does not count the calls of inbox %s (%s); they are made.", inbox_id, error)
        return 0.0


def _take(inbox_id: int, limit: Limit) -> float:
    from limits import RateLimitItemPerSecond

    item = RateLimitItemPerSecond(limit.calls, limit.seconds, namespace=keys.PACE)
    limiter = _limiter()
    if limiter.hit(item, limit.name, str(inbox_id)):
        return 0.0
    free_at = limiter.get_window_stats(item, limit.name, str(inbox_id)).reset_time
    # Spread over one more window: all that wait would ask at the same moment.
    spread = random.uniform(0, limit.seconds)  # noqa: S311  (no secret)
    return max(free_at - time.time(), SHORTEST_WAIT_SECONDS) + min(spread, 5.0)


def _limiter() -> "MovingWindowRateLimiter":
    """Made on first use, and with it the library loaded: only workers that send need it."""
    if "pilito_pace" not in current_app.extensions:
        from limits.storage import RedisStorage
        from limits.strategies import MovingWindowRateLimiter

        client: Any = redis._get_current_object()  # type: ignore[attr-defined]
        storage = RedisStorage("redis://", connection_pool=client.connection_pool, key_prefix=keys.PACE)
        current_app.extensions["pilito_pace"] = MovingWindowRateLimiter(storage)
    made: MovingWindowRateLimiter = current_app.extensions["pilito_pace"]
    return made


def pause_seconds(usage: Usage) -> float:
    """Return how long the account should rest after this call: nothing below 80 %, ever longer up to 100 %."""
    if usage.wait_seconds:
        return usage.wait_seconds
    if usage.percent >= FULL_PERCENT:
        return FULL_PAUSE_SECONDS
    return max(0, usage.percent - SLOW_FROM_PERCENT + 1) / 2


def pause(inbox: Inbox, seconds: float, now: datetime) -> None:
    """Let the account rest, if it does not rest longer already. Inside a transaction."""
    until = now + timedelta(seconds=seconds)
    if seconds > 0 and (inbox.paused_until is None or inbox.paused_until < until):
        inbox.paused_until = until


def rest_seconds(inbox: Inbox, wait_seconds: float, now: datetime) -> float:
    """How long the account must rest: the provider's own word, or our limits, whichever is longer; 0 for not at all."""
    paused = (inbox.paused_until - now).total_seconds() if inbox.paused_until else 0.0
    return max(paused, wait_seconds, 0.0)
