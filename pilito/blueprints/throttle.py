"""Tries at a door are counted in Redis, per address and per person at that address."""

import hashlib
import logging
import time

from flask import request
from redis.exceptions import RedisError

from pilito.extensions import redis

log = logging.getLogger(__name__)

# Failed tries per address and e-mail, and per address alone (one password against many people). Counted per address,
# so that nobody can lock a colleague out by failing in their name from elsewhere.
TRIES_PER_PERSON = 8
TRIES_PER_ADDRESS = 60
TRIES_SECONDS = 15 * 60
# Redis away: log-in stays possible, each try this much slower. Refusing was considered: the panel is where one sees
# that Redis is away.
UNCOUNTED_DELAY_SECONDS = 1.0


def caller_address() -> str:
    """Where the request comes from: X-Forwarded-For counts only as TRUSTED_PROXIES says."""
    return request.remote_addr or "unknown"


def may_try(person: str) -> bool:
    """Count this try before the password is looked at, so that tries side by side are counted too."""
    counters = {
        _person_key(person): TRIES_PER_PERSON,
        f"pilito:login_tries:address:{_digest(caller_address())}": TRIES_PER_ADDRESS,
    }
    try:
        with redis.pipeline() as pipe:
            for key in counters:
                pipe.incr(key)
                pipe.expire(key, TRIES_SECONDS, nx=True)
            counts = pipe.execute()[::2]
    except RedisError as error:
        log.warning("Redis does not count log-in tries (%s): each is slowed down instead.", error)
        time.sleep(UNCOUNTED_DELAY_SECONDS)
        return True
    return all(count <= limit for count, limit in zip(counts, counters.values(), strict=True))


def forget_tries(person: str) -> None:
    """After a success; the count of the address stays, or one's own account would open the way to others'."""
    try:
        redis.delete(_person_key(person))
    except RedisError as error:
        log.warning("Redis did not forget log-in tries (%s); they end by themselves.", error)


def _person_key(person: str) -> str:
    return f"pilito:login_tries:person:{_digest(f'{person} {caller_address()}')}"


def _digest(text: str) -> str:
    """E-mails are hashed: keys are seen by many eyes."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]
