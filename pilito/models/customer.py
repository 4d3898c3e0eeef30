"""The person who writes, as one inbox knows them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pilito.extensions import db
from pilito.models.inbox import Inbox
from pilito.models.types import Id, UtcDateTime

ID_CHARACTERS = 128
# In front of the provider's id, with our own number, from the moment in which the erasing of a customer begins: whoever
# writes then finds no row, and begins anew.
GOING = "erased-"


class Customer(db.Model):
    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("inbox_id", "external_id"),
        Index("ix_customer_next_picture_id", "next_picture_id"),
        Index(
            "ix_customer_same_as_id",
            "same_as_id",
            sqlite_where=db.text("same_as_id IS NOT NULL"),
            postgresql_where=db.text("same_as_id IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    external_id: Mapped[str] = mapped_column(String(ID_CHARACTERS))
    username: Mapped[str | None] = mapped_column(String(128))
    name: Mapped[str | None] = mapped_column(String(300))
    picture_url: Mapped[str | None] = mapped_column(Text)  # where the provider keeps it; dies within days
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("media_file.id"))  # our copy, always a stored one
    next_picture_id: Mapped[int | None] = mapped_column(ForeignKey("media_file.id"))  # being fetched to replace it
    profile_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the provider was asked last
    blocked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # what they write is kept, and nobody is called
    # The same person under another account; people say so. Never a customer that points on.
    same_as_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    inbox: Mapped[Inbox] = relationship()

    @property
    def label(self) -> str:
        """The best name we have; never empty."""
        return self.name or (f"@{self.username}" if self.username else self.provider_id)

    @property
    def going_id(self) -> str:
        """The mark of this row, which stands in front of the id once it goes."""
        return f"{GOING}{self.id}:"

    @property
    def is_going(self) -> bool:
        return self.external_id.startswith(self.going_id)

    @property
    def provider_id(self) -> str:
        """Their id at the provider, also while they are being erased."""
        return self.external_id.removeprefix(self.going_id)
