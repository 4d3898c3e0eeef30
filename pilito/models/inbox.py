"""One connected account on a channel."""

from datetime import datetime

from sqlalchemy import JSON, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pilito.extensions import db
from pilito.lifecycle import AssistantMode, InboxState, OutsideHours, PriceRule
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
    # What counts where a caption and the catalogue name different prices.
    price_rule: Mapped[PriceRule] = mapped_column(
        state_column(PriceRule), default=PriceRule.ASK, server_default=PriceRule.ASK.value
    )
    # Whether a voice message may be the question about a post that waits, as a text is.
    voice_takes_share: Mapped[bool] = mapped_column(default=False, server_default=db.false())
    # Whether each word of a reply must be carried by a fact or harmless, beside numbers, addresses, terms and promises.
    holds_every_word: Mapped[bool] = mapped_column(default=True, server_default=db.true())
    # When it may answer by itself: {"0": [["10:00", "20:00"]]}, Monday first, in `zone`; None: at any time.
    hours: Mapped[dict[str, list[list[str]]] | None] = mapped_column(JSON(none_as_null=True))
    zone: Mapped[str | None] = mapped_column(String(64))
    holidays: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))  # 2027-03-21
    outside_hours: Mapped[OutsideHours] = mapped_column(
        state_column(OutsideHours), default=OutsideHours.ANSWER, server_default="answer"
    )
    # One line to the customer when people are called; None: nothing is said.
    hand_over_line: Mapped[str | None] = mapped_column(Text)
    outside_hours_line: Mapped[str | None] = mapped_column(Text)
    machine_line: Mapped[str | None] = mapped_column(Text)  # says that a machine answers; None: nothing is said
    give_back_hours: Mapped[int | None]  # after so long without a person's message; None: never by itself
    needs_you_minutes: Mapped[int] = mapped_column(default=15, server_default="15")  # unanswered for so long
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    # What the provider tells of the account.
    username: Mapped[str | None] = mapped_column(String(128))
    app_user_id: Mapped[str | None] = mapped_column(String(128))  # how the provider's callbacks name it
    scopes: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))  # None: not told
    connected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the newest time

    # The token's life; `checked` is the last try to renew it, `refreshed` the last that worked.
    token_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: not by time, or not known
    token_refreshed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    token_checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    token_error: Mapped[str | None] = mapped_column(String(64))  # why the last try failed
    told_end_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the end that people were told of by mail

    # What the provider posts to us.
    subscribed_fields: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))  # None: not read yet
    subscription_checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    subscription_error: Mapped[str | None] = mapped_column(String(64))
    subscription_lost_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # people were told of it by mail
    last_webhook_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # right to a minute

    # Messages older than this may belong to an erased customer; only they are looked up.
    newest_erasure_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # Counts changes of the facts that hold for it: whoever keeps an index of them compares it. Deletions count too.
    facts_version: Mapped[int] = mapped_column(default=0, server_default="0")
