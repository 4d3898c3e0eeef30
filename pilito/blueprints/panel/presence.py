"""What browsers say on the live line: which conversation somebody looks at, and whether they write a reply.

Anybody with a log-in can send anything here, so every event is counted, read with care, and asked anew for the log-in
it comes from. The rooms are the server's; an event can only ever say where its own sender is.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, request
from flask_login import current_user
from flask_socketio import emit
from redis.exceptions import RedisError
from sqlalchemy import select

from pilito import keys, presence
from pilito.blueprints.numbers import LARGEST_ID
from pilito.blueprints.panel import bp, present
from pilito.clock import utc_now
from pilito.extensions import db, socketio
from pilito.lifecycle import Role
from pilito.models import Conversation, Operator
from pilito.presence import Mark

log = logging.getLogger(__name__)

COUNTED_SECONDS = 10
MOST_HEARD = 40  # events of a line in COUNTED_SECONDS: a browser sends a few; what is more is not looked at
MOST_BORNE = 400  # from then on it is no browser of ours, and is hung up on


@dataclass
class Line:
    """What this process knows of an open line."""

    mark: Mark | None = None
    counted_since: float = 0.0
    count: int = field(default=0)


def viewing(*args: Any) -> list[dict[str, Any]] | None:
    """Somebody looks at this conversation and no other; null: at none. Answers who looks at what."""
    now = utc_now().timestamp()
    line = _hear(now)
    if line is None:
        return None
    mark = _mark_of(args[0] if args else None)
    try:
        _move(line, mark, now)
        return [_words_of(*place) for place in presence.everybody(now).items()]
    except RedisError as error:
        log.warning("Redis does not keep who looks at what (%s); the panel works without.", error)
        return []


def typing(*args: Any) -> None:
    """Somebody writes a reply there, or has stopped."""
    now = utc_now().timestamp()
    line = _hear(now)
    if line is None or len(args) < 2 or not current_user.may(Role.AGENT):
        return
    mark = _mark_of(args[0])
    if mark is None or mark != line.mark:
        return  # one writes where one looks
    try:
        if args[1] is True:
            presence.begin_typing(mark, now)
        else:
            presence.end_typing(mark)
        _tell([mark.conversation_id], now)
    except RedisError as error:
        log.warning("Redis does not keep who writes (%s); the panel works without.", error)


def leave(line_id: str) -> None:
    """A line is closed, by whichever side."""
    line = _lines().pop(line_id, None)
    mark = line.mark if line is not None else None  # once: an event of the same line may still be at work
    if mark is not None:
        try:
            presence.leave(mark)
            _tell([mark.conversation_id], utc_now().timestamp())
        except RedisError as error:
            log.warning("Redis keeps somebody who left (%s) for %s s.", error, presence.VIEWING_SECONDS)


# --- reading what came -----------------------------------------------------------------------------------------------


def _hear(now: float) -> Line | None:
    """The line, if it may be listened to: not too loud, and its log-in still open."""
    line_id = request.sid  # type: ignore[attr-defined]
    line = _lines().setdefault(line_id, Line())
    if now - line.counted_since > COUNTED_SECONDS:
        line.counted_since, line.count = now, 0
    line.count += 1
    if line.count == MOST_BORNE:
        log.warning("A live line sent %s events in %s s and was closed.", MOST_BORNE, COUNTED_SECONDS)
        socketio.server.disconnect(line_id, namespace="/")
    if line.count > MOST_HEARD:
        return None
    return line if current_user.is_authenticated else None


def _mark_of(conversation_id: Any) -> Mark | None:
    """Where the sender says they are; None for nowhere and for nonsense."""
    is_number = isinstance(conversation_id, int) and not isinstance(conversation_id, bool)
    if not is_number or not 0 < conversation_id <= LARGEST_ID:
        return None
    if db.session.scalar(select(Conversation.id).where(Conversation.id == conversation_id)) is None:
        return None
    return Mark(conversation_id, current_user.id, request.sid)  # type: ignore[attr-defined]


def _move(line: Line, mark: Mark | None, now: float) -> None:
    before, line.mark = line.mark, mark
    if before is not None and before != mark:
        presence.leave(before)
    if mark is not None:
        presence.arrive(mark, now)
    _tell(dict.fromkeys(one.conversation_id for one in (before, mark) if one is not None), now)


def _lines() -> dict[str, Line]:
    found: dict[str, Line] = current_app.extensions.setdefault("pilito_presence", {})
    return found


# --- telling everybody -----------------------------------------------------------------------------------------------


def _tell(conversation_ids: Iterable[int], now: float) -> None:
    """Each time anew, all who are there: what was lost on the way is right with the next word."""
    places = presence.everybody(now)
    for conversation_id in conversation_ids:
        words = _words_of(conversation_id, places.get(conversation_id, {}))
        emit("presence", words, to=keys.PANEL_ROOM, namespace="/")


def _words_of(conversation_id: int, people: dict[int, bool]) -> dict[str, Any]:
    names = _names(people)
    return {
        "conversation": conversation_id,
        "people": [
            {
                "id": operator_id,
                "name": names[operator_id],
                "initials": present.initials(names[operator_id]),
                "tint": present.tint(operator_id),
                "typing": is_typing,
            }
            for operator_id, is_typing in sorted(people.items())
            if operator_id in names
        ],
    }


def _names(operator_ids: Iterable[int]) -> dict[int, str]:
    wanted = list(operator_ids)
    if not wanted:
        return {}
    found = db.session.execute(select(Operator.id, Operator.name).where(Operator.id.in_(wanted), Operator.active))
    return {row.id: row.name for row in found}


bp.record(lambda _state: socketio.on("viewing")(viewing))
bp.record(lambda _state: socketio.on("typing")(typing))
