"""The share that waits, as Redis knows it: fast and visible, never asked whether a question takes a share.

Every function swallows a Redis that is away: the database has the wait.
"""

import logging
from datetime import datetime
from typing import Any

from redis.exceptions import RedisError

from pilito import hints, keys
from pilito.extensions import redis

log = logging.getLogger(__name__)

# Deletes the key only while it holds that share: a newer share's wait must not end with an older one's.
FORGET = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


def remember(conversation_id: int, share_message_id: int, expires_at: datetime, now: datetime) -> None:
    """Keep the waiting share until its wait ends, and ask the scheduler to end it."""
    milliseconds_left = int((expires_at - now).total_seconds() * 1000)
    if milliseconds_left > 0:
        _try(redis.set, keys.pending_share(conversation_id), share_message_id, px=milliseconds_left)
    hints.hint_at(
        expires_at,
        keys.share_timeout_job(share_message_id),
        keys.SHARES,
        keys.SHARE_TIMEOUT_JOB,
        conversation_id,
        share_message_id,
    )


def recall(conversation_id: int) -> int | None:
    """The message id of the waiting share, or None when Redis knows of none."""
    value = _try(redis.get, keys.pending_share(conversation_id))
    return int(value) if value and value.isdigit() else None


def forget(conversation_id: int, share_message_id: int) -> None:
    """End the wait of this share, in Redis and in the scheduler."""
    _try(redis.eval, FORGET, 1, keys.pending_share(conversation_id), str(share_message_id))
    hints.cancel(keys.share_timeout_job(share_message_id))


def _try(call: Any, *args: Any, **options: Any) -> Any:
    try:
        return call(*args, **options)
    except RedisError as error:
        log.warning("Redis did not keep a pending share (%s); the database has it.", error)
        return None
