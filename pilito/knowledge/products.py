"""One product, as a person types it in the panel."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select

from pilito.database import transaction
from pilito.errors import Refused
from pilito.knowledge.catalogue import PRODUCT_FIELDS
from pilito.knowledge.changes import count_change, refuse_old_page
from pilito.knowledge.drafts import VARIANTS, Problem, Problems, ProductDraft
from pilito.knowledge.pictures import leave_pictures
from pilito.knowledge.sources import manual_source
from pilito.lifecycle import SourceKind
from pilito.models import Audit, Inbox, Product, Variant, db

# Their products are made anew by each sync: a change by hand would be lost within hours.
FEEDS = (SourceKind.WOOCOMMERCE, SourceKind.SHOPIFY)


def save_product(
    product_id: int | None,
    inbox_id: int | None,
    draft: ProductDraft,
    operator_id: int | None,
    now: datetime,
    seen: datetime | None = None,
) -> int:
    """Make a product for an inbox (None: for all), or change one; return its id. `seen`: see `refuse_old_page`.

    Raises Refused: `not_found`, `inbox_not_found`, `edited_at_its_shop`, `page_is_old`; Problems for a draft that
    is not whole.
    """
    _check(draft)
    with transaction():
        product = _get_own(product_id) if product_id else _make(inbox_id, now)
        refuse_old_page(product.updated_at, seen)
        for name in PRODUCT_FIELDS:
            if name != "external_id":
                setattr(product, name, getattr(draft, name))
        product.more_pictures = list(draft.more_pictures)
        product.variants = [Variant(position=number, **asdict(one)) for number, one in enumerate(draft.variants)]
        product.updated_at = now
        db.session.flush()
        _note("product_saved", product, operator_id, now)
        count_change(product.inbox_id)
        return product.id


def delete_product(product_id: int, operator_id: int | None, now: datetime) -> None:
    """Raises Refused: `not_found`, `edited_at_its_shop`."""
    with transaction():
        product = _get_own(product_id)
        _note("product_deleted", product, operator_id, now)
        inbox_id = product.inbox_id
        leave_pictures(Product.id == product_id, now)
        db.session.delete(product)
        db.session.flush()
        count_change(inbox_id)


def put_aside(product_id: int, is_active: bool, operator_id: int | None, now: datetime) -> None:
    """Keep a product from being quoted, or let it be quoted again. Raises Refused as `delete_product` does."""
    with transaction():
        product = _get_own(product_id)
        product.active, product.updated_at = is_active, now
        _note("product_shown" if is_active else "product_put_aside", product, operator_id, now)
        count_change(product.inbox_id)


def _check(draft: ProductDraft) -> None:
    problems = []
    if not draft.name:
        problems.append(Problem("no_name", "name"))
    if not 0 < len(draft.variants) <= VARIANTS:
        problems.append(Problem("too_many_variants", "variants"))
    if draft.currency is None and any(one.price is not None for one in draft.variants):
        problems.append(Problem("no_currency", "currency"))
    if draft.valid_from and draft.valid_until and draft.valid_until <= draft.valid_from:
        problems.append(Problem("ends_before_it_begins", "valid_until"))
    if problems:
        raise Problems(problems)


def _get_own(product_id: int) -> Product:
    product = db.session.scalar(
        select(Product).where(Product.id == product_id).with_for_update().execution_options(populate_existing=True)
    )
    if product is None:
        raise Refused("not_found", f"There is no product {product_id}.")
    if product.source.kind in FEEDS:
        raise Refused("edited_at_its_shop", "It comes from a feed and is edited there.")
    return product


def _make(inbox_id: int | None, now: datetime) -> Product:
    if inbox_id is not None and db.session.get(Inbox, inbox_id) is None:
        raise Refused("inbox_not_found", f"There is no inbox {inbox_id}.")
    source = manual_source(inbox_id, now)
    product = Product(source_id=source.id, inbox_id=inbox_id, name="", created_at=now, updated_at=now)
    db.session.add(product)
    return product


def _note(action: str, product: Product, operator_id: int | None, now: datetime) -> None:
    details = {"product_id": product.id, "name": product.name}
    db.session.add(Audit(at=now, action=action, operator_id=operator_id, details=details))
