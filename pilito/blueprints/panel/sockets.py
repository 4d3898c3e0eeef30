"""The live line: it carries "conversation 17 changed up to 93" and nothing else."""

from flask_login import current_user
from flask_socketio import join_room

from pilito import keys
from pilito.blueprints.panel import bp
from pilito.extensions import socketio


def connect(_auth: object = None) -> bool:
    """Let logged-in operators in, into the rooms that the server chooses; everybody else is refused."""
    if not current_user.is_authenticated:
        return False
    join_room(keys.PANEL_ROOM)
    join_room(keys.operator_room(current_user.id))
    return True


# For every app anew: Flask-SocketIO makes a new server with each, and keeps no handler that came after the first.
bp.record(lambda _state: socketio.on("connect")(connect))
