"""How much a person or a token may ask for in a minute: a script or a tab that ran away must not hold a web process.

Counted in each web process, for itself. Redis was considered: it would be asked at every request, and were it away, one
would have to choose between no limit and no panel. What is kept free here is the process, and that is what counts.

Webhooks are never counted, nor is anybody without a log-in: those are told apart by address alone, which behind a proxy
may be one for all, so the proxy is the place for it. Tries at a door have counts of their own (throttle.py).
"""

import math
import time
from typing import TYPE_CHECKING

from flask import Flask, current_app, request
from flask_login import current_user
from werkzeug.exceptions import TooManyRequests

from pilito.extensions import settings

if TYPE_CHECKING:
    from limits.strategies import FixedWindowRateLimiter

WINDOW_SECONDS = 60
# Where a person's requests go; the API counts those of its tokens itself.
PERSONS = {"panel", "media", "rq_dashboard"}
# Of all requests, one in so many may change something, or search: these cost the most.
CHANGES, SEARCHES = 4, 6
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def init_app(app: Flask) -> None:
    app.before_request(count_person)


def count_person() -> None:
    if request.blueprint in PERSONS and current_user.is_authenticated:
        count(person(current_user.id))


def person(operator_id: int) -> str:
    """Under what a person is counted, in whichever browser."""
    return f"operator {operator_id}"


def count(who: str) -> None:
    """Count the request at hand. Raises TooManyRequests, with after how many seconds to ask again."""
    most = settings.requests_per_minute
    if not most:
        return
    _count(who, "requests", most)
    if request.method not in SAFE_METHODS:
        _count(who, "changes", most // CHANGES)
    elif request.args.get("q"):
        _count(who, "searches", most // SEARCHES)


def _count(who: str, kind: str, most: int) -> None:
    from limits import RateLimitItemPerSecond

    item, limiter = RateLimitItemPerSecond(max(most, 1), WINDOW_SECONDS), _limiter()
    if not limiter.hit(item, kind, who):
        wait_seconds = max(math.ceil(limiter.get_window_stats(item, kind, who).reset_time - time.time()), 1)
        raise TooManyRequests(
            f"{most} {kind} in {WINDOW_SECONDS} seconds are the most; ask again in {wait_seconds} seconds.",
            retry_after=wait_seconds,
        )


def _limiter() -> "FixedWindowRateLimiter":
    """Made on first use: workers and commands need none."""
    if "pilito_rates" not in current_app.extensions:
        from limits.storage import MemoryStorage
        from limits.strategies import FixedWindowRateLimiter

        current_app.extensions["pilito_rates"] = FixedWindowRateLimiter(MemoryStorage())
    made: FixedWindowRateLimiter = current_app.extensions["pilito_rates"]
    return made
