"""What lies encrypted moves under the first key, so that an older key can be taken away."""

from enum import StrEnum

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import select

from pilito.conversations.account import NO_TOKEN
from pilito.database import transaction
from pilito.extensions import settings, vault
from pilito.models import Inbox, Mail, Operator, Source, db


class KeyState(StrEnum):
    """Under which key a token lies."""

    FIRST = "first"
    OLD = "old"
    UNREADABLE = "unreadable"
    NONE = "none"


def key_state(inbox: Inbox) -> KeyState:
    return _state_of(inbox.token_encrypted)


def _state_of(sealed: bytes | None) -> KeyState:
    if not sealed or sealed == NO_TOKEN:
        return KeyState.NONE
    try:
        vault.decrypt(sealed)
        first = settings.encryption_keys[0] if settings.encryption_keys else ""
        Fernet(first).decrypt(sealed)
    except InvalidToken:
        return KeyState.OLD if _opens(sealed) else KeyState.UNREADABLE
    except ValueError:  # no key at all
        return KeyState.UNREADABLE
    return KeyState.FIRST


def rotate_keys() -> dict[int | str, KeyState]:
    """Put every token and every key of a feed that lies under an older key under the first; return what each was, by
    the id of its inbox, or as `source 7`, `operator 3` (the secret of a second step), `mail 5` (one that waits).

    One row a transaction: it may be stopped at any moment and run again, also while Pilito works.
    """
    ids = list(db.session.scalars(select(Inbox.id).order_by(Inbox.id)))
    sources = list(
        db.session.scalars(select(Source.id).where(Source.secret_encrypted.is_not(None)).order_by(Source.id))
    )
    people = list(
        db.session.scalars(select(Operator.id).where(Operator.totp_encrypted.is_not(None)).order_by(Operator.id))
    )
    mails = list(db.session.scalars(select(Mail.id).where(Mail.content_encrypted.is_not(None)).order_by(Mail.id)))
    found: dict[int | str, KeyState] = {inbox_id: _rotate_inbox(inbox_id) for inbox_id in ids}
    found |= {f"source {source_id}": _rotate_source(source_id) for source_id in sources}
    found |= {f"operator {operator_id}": _rotate_operator(operator_id) for operator_id in people}
    return found | {f"mail {mail_id}": _rotate_mail(mail_id) for mail_id in mails}


def _rotate_inbox(inbox_id: int) -> KeyState:
    with transaction():
        inbox = db.session.get_one(Inbox, inbox_id, with_for_update=True, populate_existing=True)
        state = key_state(inbox)
        if state is KeyState.OLD:
            inbox.token_encrypted = vault.rotate(inbox.token_encrypted)
        return state


def _rotate_source(source_id: int) -> KeyState:
    with transaction():
        source = db.session.get(Source, source_id, with_for_update=True, populate_existing=True)
        if source is None:
            return KeyState.NONE
        state = _state_of(source.secret_encrypted)
        if state is KeyState.OLD:
            source.secret_encrypted = vault.rotate(source.secret_encrypted or b"")
        return state


def _rotate_operator(operator_id: int) -> KeyState:
    """The secret of a second step."""
    with transaction():
        operator = db.session.get_one(Operator, operator_id, with_for_update=True, populate_existing=True)
        state = _state_of(operator.totp_encrypted)
        if state is KeyState.OLD:
            operator.totp_encrypted = vault.rotate(operator.totp_encrypted or b"")
        return state


def _rotate_mail(mail_id: int) -> KeyState:
    with transaction():
        mail = db.session.get(Mail, mail_id, with_for_update=True, populate_existing=True)
        if mail is None:
            return KeyState.NONE  # forgotten meanwhile
        state = _state_of(mail.content_encrypted)
        if state is KeyState.OLD:
            mail.content_encrypted = vault.rotate(mail.content_encrypted or b"")
        return state


def _opens(sealed: bytes) -> bool:
    try:
        vault.decrypt(sealed)
    except InvalidToken:
        return False
    return True
