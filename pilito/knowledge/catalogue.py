"""Many products at once, of one source: what is new is added, what changed is changed, what is gone is put aside.

In the caller's transaction, so that it is whole or not at all. Rows are written in bulk: the one writer of SQLite is
held for a second with 10,000 products, not for a minute.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from pilito.knowledge.drafts import ProductDraft, VariantDraft
from pilito.models import Product, Source, Variant, db

BATCH = 500
PRODUCT_FIELDS = tuple(name for name in ProductDraft.__dataclass_fields__ if name != "variants")
VARIANT_FIELDS = tuple(VariantDraft.__dataclass_fields__)


@dataclass(frozen=True)
class Tally:
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0

    @property
    def is_change(self) -> bool:
        return bool(self.added or self.changed or self.gone)


def take_in(source: Source, drafts: Sequence[ProductDraft], now: datetime, puts_aside: bool) -> Tally:
    """Make the source's products those of the drafts, matched by `external_id`, which each draft has, once.

    `puts_aside` says that a product which is not among the drafts has gone: it becomes inactive, and comes back with
    its next appearance.
    """
    known = {product["external_id"]: product for product in _products(source.id)}
    variants = _variants(source.id)
    added = [draft for draft in drafts if draft.external_id not in known]
    changed = [
        (known[draft.external_id]["id"], draft)
        for draft in drafts
        if draft.external_id in known and _differs(draft, known[draft.external_id], variants)
    ]
    gone = _gone(known, drafts) if puts_aside else []
    _change(changed, now)
    _set_aside(gone, now)
    _add(source, added, now)
    unchanged = len(drafts) - len(added) - len(changed)
    return Tally(len(added), len(changed), unchanged, len(gone))


def _products(source_id: int) -> Iterable[dict[str, Any]]:
    columns = [Product.id, Product.active, *(getattr(Product, name) for name in PRODUCT_FIELDS)]
    wanted = select(*columns).where(Product.source_id == source_id, Product.external_id.is_not(None))
    return (dict(row) for row in db.session.execute(wanted).mappings())


def _variants(source_id: int) -> dict[int, list[tuple[Any, ...]]]:
    columns = [Variant.product_id, *(getattr(Variant, name) for name in VARIANT_FIELDS)]
    wanted = select(*columns).join(Product).where(Product.source_id == source_id).order_by(Variant.position, Variant.id)
    found = defaultdict(list)
    for product_id, *values in db.session.execute(wanted):
        found[product_id].append(tuple(values))
    return found


def _differs(draft: ProductDraft, known: dict[str, Any], variants: dict[int, list[tuple[Any, ...]]]) -> bool:
    if not known["active"]:
        return True
    theirs = _values(draft)
    if any(theirs[name] != known[name] for name in PRODUCT_FIELDS):
        return True
    return [tuple(asdict(one).values()) for one in draft.variants] != variants.get(known["id"], [])


def _gone(known: dict[str, dict[str, Any]], drafts: Sequence[ProductDraft]) -> list[int]:
    here = {draft.external_id for draft in drafts}
    return [product["id"] for name, product in known.items() if name not in here and product["active"]]


def _values(draft: ProductDraft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in PRODUCT_FIELDS} | {"more_pictures": list(draft.more_pictures)}


def _add(source: Source, drafts: Sequence[ProductDraft], now: datetime) -> None:
    own = {"source_id": source.id, "inbox_id": source.inbox_id, "active": True, "created_at": now, "updated_at": now}
    for batch in _batches(drafts):
        db.session.execute(insert(Product.__table__), [_values(draft) | own for draft in batch])
        names = [draft.external_id for draft in batch]
        ids = dict(
            db.session.execute(
                select(Product.external_id, Product.id).where(
                    Product.source_id == source.id, Product.external_id.in_(names)
                )
            ).all()
        )
        _add_variants([(ids[draft.external_id], draft) for draft in batch])


def _change(changed: Sequence[tuple[int, ProductDraft]], now: datetime) -> None:
    table = Product.__table__
    names = [name for name in PRODUCT_FIELDS if name != "external_id"]
    statement = (
        update(table)
        .where(table.c.id == bindparam("row_id"))
        .values({name: bindparam(f"new_{name}") for name in names} | {"active": True, "updated_at": now})
    )
    for batch in _batches(changed):
        rows = [
            {"row_id": product_id} | {f"new_{name}": value for name, value in _values(draft).items()}
            for product_id, draft in batch
        ]
        db.session.connection().execute(statement, rows)
        db.session.execute(
            delete(Variant)
            .where(Variant.product_id.in_([product_id for product_id, _ in batch]))
            .execution_options(synchronize_session=False)
        )
        _add_variants(batch)


def _add_variants(products: Sequence[tuple[int, ProductDraft]]) -> None:
    rows = [
        asdict(variant) | {"product_id": product_id, "position": position}
        for product_id, draft in products
        for position, variant in enumerate(draft.variants)
    ]
    if rows:
        db.session.execute(insert(Variant.__table__), rows)


def _set_aside(ids: Sequence[int], now: datetime) -> None:
    for batch in _batches(ids):
        db.session.execute(
            update(Product)
            .where(Product.id.in_(batch))
            .values(active=False, updated_at=now)
            .execution_options(synchronize_session=False)
        )


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), BATCH):
        time.sleep(0)  # a web process has other requests to answer meanwhile
        yield items[start : start + BATCH]
