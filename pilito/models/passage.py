"""A piece of text that the assistant may rest on: an answer of the FAQ, a free text, a piece of a page or document."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pilito.extensions import db
from pilito.lifecycle import PassageKind
from pilito.models.source import GOES_WITH, Source, WebPage
from pilito.models.types import Id, UtcDateTime, state_column


class Passage(db.Model):
    __tablename__ = "passage"
    __table_args__ = (
        Index("ix_passage_source_id", "source_id", "web_page_id", "position"),
        Index("ix_passage_web_page_id", "web_page_id"),
        Index("ix_passage_inbox_id", "inbox_id", "active"),
    )

    id: Mapped[Id]
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id"), info=GOES_WITH)  # its source's
    web_page_id: Mapped[int | None] = mapped_column(ForeignKey("web_page.id"), info=GOES_WITH)
    kind: Mapped[PassageKind] = mapped_column(state_column(PassageKind))
    title: Mapped[str] = mapped_column(String(300))  # the question, or the name of the text, page or document
    heading: Mapped[str | None] = mapped_column(String(300))  # under which it stands
    text: Mapped[str] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)  # where one can read it
    position: Mapped[int] = mapped_column(default=0)
    valid_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    source: Mapped[Source] = relationship()
    web_page: Mapped[WebPage | None] = relationship()
