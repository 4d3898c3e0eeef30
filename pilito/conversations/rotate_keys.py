"""Tokens at rest move under the first key, so that an older key can be taken away."""

from enum import StrEnum

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import select

from pilito.conversations.account import NO_TOKEN
from pilito.database import transaction
from pilito.extensions import settings, vault
from pilito.models import Inbox, db


class KeyState(StrEnum):
    """Under which key a token lies."""

    FIRST = "first"
    OLD = "old"
    UNREADABLE = "unreadable"
    NONE = "none"


def key_state(inbox: Inbox) -> KeyState:
    if inbox.token_encrypted == NO_TOKEN:
        return KeyState.NONE
    try:
        vault.decrypt(inbox.token_encrypted)
        first = settings.encryption_keys[0] if settings.encryption_keys else ""
        Fernet(first).decrypt(inbox.token_encrypted)
    except InvalidToken:
        return KeyState.OLD if _opens(inbox) else KeyState.UNREADABLE
    except ValueError:  # no key at all
        return KeyState.UNREADABLE
    return KeyState.FIRST


def rotate_keys() -> dict[int, KeyState]:
    """Put every token that lies under an older key under the first; return what each was, by inbox.

    One row a transaction: it may be stopped at any moment and run again, also while Pilito works.
    """
    ids = list(db.session.scalars(select(Inbox.id).order_by(Inbox.id)))
    return {inbox_id: _rotate(inbox_id) for inbox_id in ids}


def _rotate(inbox_id: int) -> KeyState:
    with transaction():
        inbox = db.session.get_one(Inbox, inbox_id, with_for_update=True, populate_existing=True)
        state = key_state(inbox)
        if state is KeyState.OLD:
            inbox.token_encrypted = vault.rotate(inbox.token_encrypted)
        return state


def _opens(inbox: Inbox) -> bool:
    try:
        vault.decrypt(inbox.token_encrypted)
    except InvalidToken:
        return False
    return True
