"""The live line: it carries "conversation 17 changed up to 93" and nothing else.

Below it lies a WebSocket, which a stranger does not get: the log-in is asked for before one is made (`guard`). And it
is no use without the line: whoever does not join, or has left, is hung up on after JOIN_SECONDS. A log-in has at most
MOST_LINES of them in each web process.

A line lives no longer than the log-in that opened it. Whoever ends a log-in says so to every web process
(realtime.close_lines); that word may be lost, so each process also asks the database every WATCH_SECONDS.
"""

import contextlib
import logging
import socket
from datetime import datetime
from typing import Any

from flask import Flask, current_app, request
from flask_login import current_user
from flask_socketio import join_room
from werkzeug.exceptions import TooManyRequests

from pilito import keys
from pilito.blueprints import rates
from pilito.blueprints.auth import this_session_id
from pilito.blueprints.panel import bp, presence
from pilito.clock import utc_now
from pilito.database import DATABASE_AWAY
from pilito.extensions import db, socketio
from pilito.people import second_step
from pilito.people.sessions import find_open

log = logging.getLogger(__name__)

WATCH_SECONDS = 30
JOIN_SECONDS = 5
MOST_LINES = 100  # an open tab has one
# In the WSGI environment of a WebSocket, which lasts as long as it: whether its line has joined, and the socket below.
JOINED = "pilito.joined"
SOCKETS = ("gunicorn.socket", "werkzeug.socket")


def guard(_state: object) -> None:
    """Have every WebSocket asked for its log-in before it is one: strangers get a plain 401.

    Socket.IO asks only once a client wants to join, and lets one that never does stay for as long as it answers pings.
    """
    engine = socketio.server.eio
    take = engine.handlers["connect"]

    def knock(line: str, environ: dict[str, Any]) -> bool | None:
        if not _may_have_one(environ):
            return False
        socketio.start_background_task(_hang_up_unless_joined, environ)
        take(line, environ)
        return None

    engine.on("connect", knock)


def _may_have_one(environ: dict[str, Any]) -> bool:
    with environ["flask.app"].request_context(environ):
        try:
            if not current_user.is_authenticated:
                return False
            rates.count(rates.person(current_user.id))
            return list(_lines(current_app).values()).count(this_session_id() or 0) < MOST_LINES
        except TooManyRequests:
            return False
        except DATABASE_AWAY as error:
            log.warning("The database is away (%s); a live line is refused, and its page asks again.", error)
            return False
        finally:
            db.session.remove()


def connect(_auth: object = None) -> bool:
    """Let logged-in operators in, into the rooms that the server chooses; everybody else is refused."""
    session_id = this_session_id() if current_user.is_authenticated else None
    if session_id is None or second_step.is_due(current_user):
        return False
    join_room(keys.PANEL_ROOM)
    join_room(keys.operator_room(current_user.id))
    join_room(keys.session_room(session_id))
    _lines(current_app)[request.sid] = session_id  # type: ignore[attr-defined]
    request.environ[JOINED] = True
    if not current_app.extensions.get("pilito_watching"):
        current_app.extensions["pilito_watching"] = True
        socketio.start_background_task(watch, current_app._get_current_object())  # type: ignore[attr-defined]
    return True


def disconnect(reason: str = "") -> None:
    _lines(current_app).pop(request.sid, None)  # type: ignore[attr-defined]
    request.environ[JOINED] = False
    presence.leave(request.sid)  # type: ignore[attr-defined]
    server = socketio.server
    if reason not in (server.reason.TRANSPORT_CLOSE, server.reason.TRANSPORT_ERROR):  # the WebSocket is there still
        socketio.start_background_task(_hang_up_unless_joined, request.environ)


def _hang_up_unless_joined(environ: dict[str, Any]) -> None:
    """Wait a while, then cut the WebSocket under a line that is none.

    At the socket: a goodbye ends it only where the other side says goodbye too.
    """
    socketio.sleep(JOIN_SECONDS)
    below = next((environ[name] for name in SOCKETS if name in environ), None)
    if below is not None and not environ.get(JOINED):
        with contextlib.suppress(OSError):  # it was gone already
            below.shutdown(socket.SHUT_RDWR)


def watch(app: Flask) -> None:
    """As long as this process has lines, close those whose log-in is over."""
    while _lines(app):
        socketio.sleep(WATCH_SECONDS)
        with app.app_context():
            try:
                close_ended(utc_now())
            except DATABASE_AWAY as error:
                log.warning("The database is away (%s); open lines are looked at again in a while.", error)
            finally:
                db.session.remove()
    app.extensions["pilito_watching"] = False


def close_ended(now: datetime) -> int:
    """Close this process's lines whose log-in is over; return how many."""
    lines = _lines(current_app)
    still_open = find_open(set(lines.values()), now)
    over = [line for line, session_id in list(lines.items()) if session_id not in still_open]
    for line in over:
        lines.pop(line, None)
        socketio.server.disconnect(line, namespace="/")
    return len(over)


def _lines(app: Flask) -> dict[str, int]:
    """The open lines of this process, each with its log-in."""
    found: dict[str, int] = app.extensions.setdefault("pilito_lines", {})
    return found


# For every app anew: Flask-SocketIO makes a new server with each, and keeps no handler that came after the first.
bp.record(lambda _state: socketio.on("connect")(connect))
bp.record(lambda _state: socketio.on("disconnect")(disconnect))
bp.record(guard)
