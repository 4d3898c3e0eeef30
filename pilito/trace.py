"""One id from the webhook to the delivery, in every log line: the newest webhook that a piece of work goes back to.

It is no column: the ledger knows which webhook brought which message, so a job finds it by its row, also when the job
is one that the sweep made for a lost one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import select

from pilito.extensions import db
from pilito.lifecycle import Sender
from pilito.models import Event, Message, Turn

_current: ContextVar[str] = ContextVar("pilito_trace", default="")


def current() -> str:
    return _current.get()


@contextmanager
def traced(name: str) -> Iterator[None]:
    token = _current.set(name)
    try:
        yield
    finally:
        _current.reset(token)


def of_webhook(webhook_id: int) -> str:
    return f"webhook-{webhook_id}"


def of_turn(turn_id: int) -> str:
    return _newest(select(Turn.conversation_id).where(Turn.id == turn_id).scalar_subquery())


def of_message(message_id: int) -> str:
    return _newest(select(Message.conversation_id).where(Message.id == message_id).scalar_subquery())


def of_conversation(conversation_id: int, *_rest: Any) -> str:
    return _newest(conversation_id)


def _newest(conversation: object) -> str:
    """The webhook of the newest message that the customer of this conversation wrote."""
    found = db.session.scalar(
        select(Event.webhook_id)
        .join(Message, Event.message_id == Message.id)
        .where(Message.conversation_id == conversation, Message.sender == Sender.CUSTOMER)
        .order_by(Message.sent_at.desc(), Event.id.desc())
        .limit(1)
    )
    db.session.rollback()
    return f"webhook-{found}" if found else ""
