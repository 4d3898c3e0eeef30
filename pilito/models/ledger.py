"""The ledger: every webhook body as it came, and the outcome of each event in it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column, validates
from sqlalchemy.sql.functions import FunctionElement

from pilito.extensions import db
from pilito.lifecycle import WEBHOOK_MOVES, EventOutcome, WebhookState, check_move
from pilito.models.types import Id, UtcDateTime, state_column


class Webhook(db.Model):
    """One body, raw. It is committed before the provider is answered 200."""

    __tablename__ = "webhook"
    __table_args__ = (
        Index(
            "ix_webhook_pending",
            "received_at",
            sqlite_where=db.text("state = 'pending'"),
            postgresql_where=db.text("state = 'pending'"),
        ),
        Index(
            "ix_webhook_unread",
            "account",
            "id",
            sqlite_where=db.text("state = 'pending'"),
            postgresql_where=db.text("state = 'pending'"),
        ),
        Index(
            "ix_webhook_lease_until",
            "lease_until",
            sqlite_where=db.text("state = 'pending' AND lease_until IS NOT NULL"),
            postgresql_where=db.text("state = 'pending' AND lease_until IS NOT NULL"),
        ),
        Index("ix_webhook_state", "state"),
        Index(
            "ix_webhook_failed",
            "received_at",
            sqlite_where=db.text("state = 'failed'"),
            postgresql_where=db.text("state = 'failed'"),
        ),
    )

    id: Mapped[Id]
    channel: Mapped[str] = mapped_column(String(32))
    # Whose it is, by the provider's id, while it is unread: accounts take turns (conversations/take_turns.py). Empty
    # for one that names several accounts or none, and for every one that was read.
    account: Mapped[str] = mapped_column(String(128), default="", server_default="")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[WebhookState] = mapped_column(state_column(WebhookState), default=WebhookState.PENDING)
    # How often the reading was begun after its first time, plus one when it came to its end: see retake.py.
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of a reading that the sweep asked for
    error: Mapped[str | None] = mapped_column(Text)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @validates("state")
    def _check_state(self, _key: str, new: WebhookState) -> WebhookState:
        return check_move(WEBHOOK_MOVES, self.state, WebhookState(new))


class IsPending(FunctionElement[bool]):
    """That a webhook is unread, in the words of the indexes that hold the unread alone.

    SQLite knows a partial index by its words, and not by a bound value. And it does not know how few are unread: unless
    told that the condition says little, it takes the index of all states, and sorts what it finds there.
    """

    inherit_cache = True  # of a function, which can be: what asks for it is compiled once, and not each time
    # No `type`: of a Boolean, SQLAlchemy would ask whether it equals 1, and no index knows that.


IS_PENDING = IsPending()


@compiles(IsPending)
def _say_pending(_element: IsPending, _compiler: Any, **_options: Any) -> str:
    return f"webhook.state = '{WebhookState.PENDING.value}'"


@compiles(IsPending, "sqlite")
def _say_likely_pending(_element: IsPending, _compiler: Any, **_options: Any) -> str:
    return f"likely(webhook.state = '{WebhookState.PENDING.value}')"


class Event(db.Model):
    """One item of a webhook with its one outcome; its raw form is item `position` of the webhook's body."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("webhook_id", "position"),
        Index("ix_event_outcome", "channel", "outcome"),
        Index("ix_event_message_id", "message_id"),
    )

    id: Mapped[Id]
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"))
    position: Mapped[int]
    channel: Mapped[str] = mapped_column(String(32))
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id"))
    kind: Mapped[str] = mapped_column(String(64))  # message, echo, unsend, reaction, read, …
    outcome: Mapped[EventOutcome] = mapped_column(state_column(EventOutcome))
    reason: Mapped[str | None] = mapped_column(Text)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
