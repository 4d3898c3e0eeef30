"""Trials that asked a customer's questions again hold their words in Redis: they go with the customer."""

import logging
from collections.abc import Iterable

from redis.exceptions import RedisError

from pilito import keys
from pilito.extensions import redis

log = logging.getLogger(__name__)


def forget_trials(conversation_ids: Iterable[int]) -> None:
    """Delete the trials about these conversations. Not for use inside a transaction.

    One that runs now keeps nothing of what it hears (`run_trial`). With Redis away they end by themselves in an hour.
    """
    for conversation_id in conversation_ids:
        about = keys.trials_about(conversation_id)
        try:
            names = redis.smembers(about)
            redis.delete(about, *(keys.trial(_text(name)) for name in names))
        except RedisError as error:
            log.warning("Redis is away: trials about conversation %s stay for an hour (%s).", conversation_id, error)


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name
