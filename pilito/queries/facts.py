"""The shop's facts as they are searched, and as they are quoted: those of one inbox with those for all."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, case, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from pilito.extensions import db
from pilito.models import Embedding, Inbox, Passage, Product, Variant

PAGE = 2000


def facts_version(inbox_id: int) -> int | None:
    """How often the facts of this inbox have changed; None where there is no such inbox."""
    return db.session.scalar(select(Inbox.facts_version).where(Inbox.id == inbox_id))


def zone_of(inbox_id: int) -> ZoneInfo:
    """Where an offer's last day ends."""
    return ZoneInfo(db.session.scalar(select(Inbox.zone).where(Inbox.id == inbox_id)) or "UTC")


def searched_products(inbox_id: int) -> Iterator[tuple[Row[Any], list[Row[Any]]]]:
    """Every product that is not put aside, with its variants: columns, page by page, for there are many."""
    wanted = select(Product.id, Product.name, Product.category, Product.description, Product.sku)
    last = 0
    while page := _page(wanted, Product, inbox_id, last):
        last = page[-1].id
        variants: dict[int, list[Any]] = {}
        for variant in db.session.execute(
            select(Variant.product_id, Variant.size, Variant.colour, Variant.other, Variant.sku)
            .where(Variant.product_id.between(page[0].id, last))
            .order_by(Variant.product_id, Variant.position)
        ):
            variants.setdefault(variant.product_id, []).append(variant)
        yield from ((product, variants.get(product.id, [])) for product in page)


def searched_passages(inbox_id: int) -> Iterator[Row[Any]]:
    wanted = select(Passage.id, Passage.title, Passage.heading, Passage.text)
    last = 0
    while page := _page(wanted, Passage, inbox_id, last):
        last = page[-1].id
        yield from page


def _page(wanted: Any, table: type[Product] | type[Passage], inbox_id: int, after: int) -> Sequence[Row[Any]]:
    found = wanted.where(_is_of(table, inbox_id), table.active, table.id > after).order_by(table.id).limit(PAGE)
    return db.session.execute(found).all()


def quoted_products(inbox_id: int, ids: Sequence[int], now: datetime) -> dict[int, Product]:
    """Those of these products that may be quoted now, with their variants."""
    return _quoted(Product, inbox_id, ids, now, joinedload(Product.source), selectinload(Product.variants))


def quoted_passages(inbox_id: int, ids: Sequence[int], now: datetime) -> dict[int, Passage]:
    return _quoted(Passage, inbox_id, ids, now)


def _quoted(table: Any, inbox_id: int, ids: Sequence[int], now: datetime, *options: Any) -> dict[int, Any]:
    if not ids:
        return {}
    found = db.session.scalars(
        select(table)
        .where(
            table.id.in_(ids),
            _is_of(table, inbox_id),
            table.active,
            or_(table.valid_from.is_(None), table.valid_from <= now),
            or_(table.valid_until.is_(None), table.valid_until > now),
        )
        .options(*options)
    )
    return {row.id: row for row in found}


def _is_of(table: type[Product] | type[Passage], inbox_id: int) -> ColumnElement[bool]:
    return or_(table.inbox_id == inbox_id, table.inbox_id.is_(None))


# --- vectors ---------------------------------------------------------------------------------------------------------


def inbox_ids() -> list[int]:
    return list(db.session.scalars(select(Inbox.id).order_by(Inbox.id)))


def counted_changes() -> tuple[int, int]:
    """What changes whenever any facts do: how many inboxes there are, and all that they have counted."""
    count, changes = db.session.execute(
        select(func.count(Inbox.id), func.coalesce(func.sum(Inbox.facts_version), 0))
    ).one()
    return int(count), int(changes)


def embedded(model: str, digests: Sequence[str]) -> set[str]:
    """Those of these texts that have been sent to the model."""
    return {digest for digest, _ in _embeddings(model, digests, Embedding.digest, Embedding.id)}


def vectors(model: str, digests: Sequence[str]) -> dict[str, bytes]:
    return {row.digest: row.vector for row in _embeddings(model, digests, Embedding.digest, Embedding.vector)}


def _embeddings(model: str, digests: Sequence[str], *columns: Any) -> Iterator[Any]:
    for start in range(0, len(digests), 500):
        some = digests[start : start + 500]
        yield from db.session.execute(select(*columns).where(Embedding.model == model, Embedding.digest.in_(some)))


def embedded_before(model: str, moment: datetime) -> list[tuple[int, str]]:
    """(id, digest) of vectors made before a moment, and of all those of another model."""
    old = or_(Embedding.created_at < moment, Embedding.model != model)
    is_other = case((Embedding.model != model, ""), else_=Embedding.digest)
    return [(number, digest) for number, digest in db.session.execute(select(Embedding.id, is_other).where(old))]
