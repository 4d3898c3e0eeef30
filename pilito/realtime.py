"""Tell the panels that a conversation changed. They fetch what they miss, so a lost word costs nothing."""

import json
from collections.abc import Iterator
from typing import Any

from flask import current_app
from socketio import RedisManager

from pilito import failpoints, keys
from pilito.extensions import settings

REDIS_OPTIONS = {"socket_connect_timeout": 1.0, "socket_timeout": 1.0}


def changed(conversation_id: int, seq: int) -> None:
    """Say "conversation 17 changed up to 93" to every logged-in operator. Call it after the commit."""
    with failpoints.around("p10"):
        _emitter().emit("changed", {"conversation": conversation_id, "seq": seq}, namespace="/", room=keys.PANEL_ROOM)


def all_changed() -> None:
    """Say that something on every page changed: the switch for all. Call it after the commit."""
    with failpoints.around("lines"):
        _emitter().emit("all_changed", {}, namespace="/", room=keys.PANEL_ROOM)


def notified(operator_id: int, notification_id: int | None) -> None:
    """Tell one person's browsers to look at their notifications; with an id, that this one is new."""
    what = {"notification": notification_id}
    with failpoints.around("lines"):
        _emitter().emit("notified", what, namespace="/", room=keys.operator_room(operator_id))


def close_lines(room: str) -> None:
    """Close the lines of a log-in or a person in every web process. Call it after the commit."""
    with failpoints.around("lines"):
        _emitter().close_room(room, namespace="/")


class LineManager(RedisManager):  # type: ignore[misc]
    """What a web process hears from the others: an emptied room is closed lines here, not lines that hear less."""

    def _listen(self) -> Iterator[dict[str, Any]]:
        """Pass on what is an object of JSON. At a bare number or text python-socketio would break off and subscribe
        anew, and what comes between would be lost."""
        for words in super()._listen():
            said = _read(words)
            if isinstance(said, dict):
                yield said

    def _handle_close_room(self, message: dict[str, Any]) -> None:
        namespace = message["namespace"]
        for line, _ in list(self.get_participants(namespace, message["room"])):
            self.server.disconnect(line, namespace=namespace, ignore_queue=True)


def _read(words: bytes) -> Any:
    try:
        return json.loads(words)
    except (ValueError, RecursionError):
        return None


def _emitter() -> Any:
    if "pilito_emitter" not in current_app.extensions:
        current_app.extensions["pilito_emitter"] = RedisManager(
            settings.redis_url, channel=keys.SOCKET_CHANNEL, write_only=True, redis_options=REDIS_OPTIONS
        )
    return current_app.extensions["pilito_emitter"]
