"""One customer in one inbox, for good: a closed conversation is opened again by the next message."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from pilito.extensions import db
from pilito.lifecycle import CONVERSATION_MOVES, AssistantMode, ConversationState, HandOverReason, check_move
from pilito.models.customer import Customer
from pilito.models.inbox import Inbox
from pilito.models.operator import Operator
from pilito.models.types import Growing, Id, UtcDateTime, state_column


class Conversation(db.Model):
    """`epoch` counts changes of who answers: work begun in an older epoch is thrown away.
    `seq` counts changes of anything shown: a browser asks for what is newer than the last it saw."""

    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("inbox_id", "customer_id"),
        Index("ix_conversation_state_last_message_at", "state", "last_message_at", "id"),
        Index("ix_conversation_last_message_at", "last_message_at", "id"),
        Index("ix_conversation_customer_id", "customer_id"),  # erasing finds it by it
        Index(
            "ix_conversation_unanswered",
            "state",
            "unanswered_since",
            sqlite_where=db.text("unanswered_since IS NOT NULL"),
            postgresql_where=db.text("unanswered_since IS NOT NULL"),
        ),
        Index(
            "ix_conversation_drafted_at",
            "drafted_at",
            sqlite_where=db.text("drafted_at IS NOT NULL"),
            postgresql_where=db.text("drafted_at IS NOT NULL"),
        ),
        Index(
            "ix_conversation_person_at",
            "state",
            "inbox_id",
            "person_at",
            sqlite_where=db.text("person_at IS NOT NULL"),
            postgresql_where=db.text("person_at IS NOT NULL"),
        ),
        Index(
            "ix_conversation_snoozed_until",
            "snoozed_until",
            sqlite_where=db.text("snoozed_until IS NOT NULL"),
            postgresql_where=db.text("snoozed_until IS NOT NULL"),
        ),
        Index(
            "ix_conversation_returned_at",
            "returned_at",
            sqlite_where=db.text("returned_at IS NOT NULL"),
            postgresql_where=db.text("returned_at IS NOT NULL"),
        ),
        Index("ix_conversation_operator_id", "operator_id", "last_message_at", "id"),
        Index("ix_conversation_inbox_id", "inbox_id", "last_message_at", "id"),
        Index(
            "ix_conversation_unread",
            "last_message_at",
            "id",
            sqlite_where=db.text("unread_count > 0"),
            postgresql_where=db.text("unread_count > 0"),
        ),
    )

    id: Mapped[Id]
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    state: Mapped[ConversationState] = mapped_column(
        state_column(ConversationState), default=ConversationState.ASSISTANT
    )
    hand_over_reason: Mapped[HandOverReason | None] = mapped_column(Growing(HandOverReason, None))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))  # who holds it
    assistant_mode: Mapped[AssistantMode | None] = mapped_column(state_column(AssistantMode))  # None: as the inbox
    epoch: Mapped[int] = mapped_column(default=0)
    seq: Mapped[int] = mapped_column(default=0)
    unread_count: Mapped[int] = mapped_column(default=0)
    preview: Mapped[str | None] = mapped_column(String(200))  # the newest message, for the list
    last_message_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_customer_message_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the oldest message came that nobody has answered; None when nobody waits.
    unanswered_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    drafted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # since when a draft waits for a person
    person_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when a person last wrote here, or took it
    # Put off by a person until then; the customer's next message ends it sooner.
    snoozed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    returned_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime
    )  # came back by the clock, and nobody has seen to it
    # Everything of ours that was sent up to then has been seen; and when the customer saw the newest of it.
    seen_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    customer_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The newest advertisement or link through which the customer came without writing, and when.
    referral: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    referred_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reacted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: no message here has a reaction
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    inbox: Mapped[Inbox] = relationship()
    customer: Mapped[Customer] = relationship()
    operator: Mapped[Operator | None] = relationship()

    @property
    def is_blocked(self) -> bool:
        """Whether the shop wants nothing of this customer: what they write is kept, and nobody is called."""
        return self.customer.blocked_at is not None

    @validates("state")
    def _check_state(self, _key: str, new: ConversationState) -> ConversationState:
        return check_move(CONVERSATION_MOVES, self.state, ConversationState(new))
