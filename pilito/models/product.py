"""The catalogue: products, and under each what can be bought of it."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pilito.extensions import db
from pilito.models.media_file import MediaFile
from pilito.models.source import GOES_WITH, Source
from pilito.models.types import Id, UtcDateTime


class Product(db.Model):
    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("source_id", "external_id"),
        Index("ix_product_inbox_id", "inbox_id", "active"),
        Index("ix_product_sku", "sku"),
        Index("ix_product_copy_id", "copy_id"),
        Index("ix_product_name", "name", "id"),
    )

    id: Mapped[Id]
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id"), info=GOES_WITH)  # its source's
    external_id: Mapped[str | None] = mapped_column(String(191))  # what its source knows it by; typed here: None
    name: Mapped[str] = mapped_column(String(300))
    description: Mapped[str] = mapped_column(Text, default="")
    category: Mapped[str] = mapped_column(String(300), default="")  # categories and tags, as the shop writes them
    sku: Mapped[str | None] = mapped_column(String(128))
    link: Mapped[str | None] = mapped_column(Text)
    picture_url: Mapped[str | None] = mapped_column(Text)
    copy_id: Mapped[int | None] = mapped_column(ForeignKey("media_file.id"))  # our own copy of the picture
    more_pictures: Mapped[list[str]] = mapped_column(JSON, default=list)
    currency: Mapped[str | None] = mapped_column(String(3))  # ISO 4217, and IRT: toman. None: no price, or not told
    valid_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    active: Mapped[bool] = mapped_column(default=True)  # False: gone from its source, or put aside by a person
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    source: Mapped[Source] = relationship()
    copy: Mapped[MediaFile | None] = relationship()
    variants: Mapped[list["Variant"]] = relationship(
        back_populates="product", order_by="Variant.position", cascade="all, delete-orphan"
    )


class Variant(db.Model):
    """A product has at least one; where there is nothing to choose, it has neither size nor colour."""

    __tablename__ = "variant"
    __table_args__ = (
        UniqueConstraint("product_id", "external_id"),
        Index("ix_variant_product_id", "product_id", "position"),
        Index("ix_variant_sku", "sku"),
    )

    id: Mapped[Id]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    external_id: Mapped[str | None] = mapped_column(String(191))
    position: Mapped[int] = mapped_column(default=0)
    sku: Mapped[str | None] = mapped_column(String(128))
    size: Mapped[str | None] = mapped_column(String(100))
    colour: Mapped[str | None] = mapped_column(String(100))
    other: Mapped[str | None] = mapped_column(String(200))  # whatever else tells it apart: «جنس: چرم»
    # Whole numbers of the currency's smallest written unit (pilito/money.py): 1850000 toman, 1999 for 19.99 USD.
    price: Mapped[int | None] = mapped_column(BigInteger)  # None: not told
    old_price: Mapped[int | None] = mapped_column(BigInteger)  # struck through beside it
    stock: Mapped[int | None]  # None: not known
    available: Mapped[bool | None]  # can it be had at all; None: not known. Some shops tell this without a number

    product: Mapped[Product] = relationship(back_populates="variants")
