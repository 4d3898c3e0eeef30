"""One connected account on a channel."""

from datetime import datetime

from sqlalchemy import JSON, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pilito.extensions import db
from pilito.lifecycle import AssistantMode, InboxState
from pilito.models.types import Id, UtcDateTime, state_column


class Inbox(db.Model):
    __tablename__ = "inbox"
    __table_args__ = (UniqueConstraint("channel", "external_id"),)

    id: Mapped[Id]
    channel: Mapped[str] = mapped_column(String(32))
    external_id: Mapped[str] = mapped_column(String(128))  # the account's id, as the channel's events name it
    name: Mapped[str] = mapped_column(String(200))
    # Fernet text; never shown, logged or sent anywhere but to the channel.
    token_encrypted: Mapped[bytes] = mapped_column(LargeBinary)
    options: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)  # what only its channel understands
    state: Mapped[InboxState] = mapped_column(state_column(InboxState), default=InboxState.ACTIVE)
    stop_reason: Mapped[str | None] = mapped_column(String(64))
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the provider asked us to call less
    assistant_mode: Mapped[AssistantMode] = mapped_column(state_column(AssistantMode), default=AssistantMode.AUTO)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
