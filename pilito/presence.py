"""Who looks at which conversation now, and who writes in it. Hints, in Redis alone: they end by themselves.

A line is one open page of one person; a person with two pages is there until both are gone. Every mark carries the time
at which it ends, so that a web process that died leaves nobody behind.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pilito import keys
from pilito.extensions import redis

VIEWING_SECONDS = 45  # the browser says it again every 20
TYPING_SECONDS = 7  # every 3


@dataclass(frozen=True)
class Mark:
    """A line of a person at a conversation."""

    conversation_id: int
    operator_id: int
    line: str

    def __str__(self) -> str:
        return f"{self.conversation_id}:{self.operator_id}:{self.line}"


def arrive(mark: Mark, now: float) -> None:
    """Somebody looks, or still looks."""
    _put(keys.VIEWING, mark, now, VIEWING_SECONDS)


def leave(mark: Mark) -> None:
    with redis.pipeline() as pipe:
        pipe.zrem(keys.VIEWING, str(mark))
        pipe.zrem(keys.TYPING, str(mark))
        pipe.execute()


def begin_typing(mark: Mark, now: float) -> None:
    _put(keys.TYPING, mark, now, TYPING_SECONDS)


def end_typing(mark: Mark) -> None:
    redis.zrem(keys.TYPING, str(mark))


def everybody(now: float) -> dict[int, dict[int, bool]]:
    """By conversation: who looks at it, and whether they write."""
    with redis.pipeline() as pipe:
        for key in (keys.VIEWING, keys.TYPING):
            pipe.zrangebyscore(key, f"({now}", "+inf")
        viewing, typing = pipe.execute()
    found: dict[int, dict[int, bool]] = {}
    for members, is_typing in ((viewing, False), (typing, True)):
        for conversation_id, operator_id in _read(members):
            people = found.setdefault(conversation_id, {})
            people[operator_id] = people.get(operator_id, False) or is_typing
    return found


def _put(key: str, mark: Mark, now: float, seconds: int) -> None:
    with redis.pipeline() as pipe:
        pipe.zadd(key, {str(mark): now + seconds})
        pipe.zremrangebyscore(key, "-inf", now)
        pipe.expire(key, VIEWING_SECONDS * 2)
        pipe.execute()


def _read(members: Iterable[bytes]) -> Iterable[tuple[int, int]]:
    for member in members:
        conversation_id, operator_id, _ = member.decode().split(":", 2)
        yield int(conversation_id), int(operator_id)
