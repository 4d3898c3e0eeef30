"""Notes beside a conversation: written, mended and taken back by whoever wrote them."""

from flask import request
from flask_login import current_user

from pilito.blueprints.panel import bp
from pilito.blueprints.panel.actions import changes, read_client_id
from pilito.clock import utc_now
from pilito.conversations.notes import delete_note, edit_note, write_note

MOST_MENTIONS = 50


@bp.post("/conversations/<int:conversation_id>/notes")
@changes
def add_note(conversation_id: int) -> None:
    text, client_id = request.form.get("text", ""), read_client_id()
    write_note(conversation_id, current_user.id, text, _read_mentions(), client_id, utc_now())


@bp.post("/conversations/<int:conversation_id>/notes/<int:note_id>")
@changes
def change_note(conversation_id: int, note_id: int) -> None:
    text = request.form.get("text", "")
    edit_note(conversation_id, note_id, current_user.id, text, _read_mentions(), utc_now())


@bp.post("/conversations/<int:conversation_id>/notes/<int:note_id>/delete")
@changes
def take_note_back(conversation_id: int, note_id: int) -> None:
    delete_note(conversation_id, note_id, current_user.id, utc_now())


def _read_mentions() -> list[int]:
    """The ids of whom the writer picked: `3,17`."""
    ids = request.form.get("mentions", "").split(",")
    return [int(one) for one in ids if one.isdecimal() and len(one) <= 18][:MOST_MENTIONS]
