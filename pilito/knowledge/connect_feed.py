"""A shop's feed is connected by its address and keys, which are kept encrypted."""

from datetime import datetime

from pilito.database import transaction
from pilito.errors import Refused, SourceError
from pilito.knowledge import door
from pilito.knowledge.drafts import clean_line
from pilito.knowledge.feed_keys import seal
from pilito.knowledge.feeds import Shop, origin_of
from pilito.knowledge.shopify import HOST, shop_origin
from pilito.knowledge.sources import SCHEDULES, find_given, get_source, make_source
from pilito.knowledge.wake import wake
from pilito.lifecycle import SourceKind, SourceState
from pilito.models import Audit, db

FEEDS = (SourceKind.WOOCOMMERCE, SourceKind.SHOPIFY)
KEY_LENGTH = 300


def connect_feed(
    kind: SourceKind,
    inbox_id: int | None,
    shop: Shop,
    every_hours: int | None,
    operator_id: int | None,
    now: datetime,
) -> int:
    """Connect a feed and have it read; return its source's id. Connected before, it gets these keys.

    Raises Refused: `not_found`, `no_key`, `no_address`, `address_refused`, `not_shopify`, `no_schedule`,
    `inbox_not_found`.
    """
    if kind not in FEEDS:
        raise Refused("not_found", f"{kind} is no feed.")
    if every_hours is not None and every_hours not in SCHEDULES:
        raise Refused("no_schedule", f"Expected one of {SCHEDULES}.")
    _check_keys(kind, shop)
    address = _address(kind, shop.address)
    with transaction() as tx:
        source = find_given(kind, inbox_id, address) or make_source(
            kind, inbox_id, address.partition("://")[2], now, address=address, state=SourceState.WAITING
        )
        source.secret_encrypted, source.currency = seal(shop), shop.currency or source.currency
        source.every_hours, source.due_at, source.updated_at = every_hours, now, now
        details = {"source_id": source.id, "kind": kind.value, "name": source.name}
        db.session.add(Audit(at=now, action="feed_connected", operator_id=operator_id, details=details))
        tx.after_commit(wake, source.id)
        return source.id


def change_keys(source_id: int, key: str, secret: str, operator_id: int | None, now: datetime) -> None:
    """Give a feed other keys, and have it read. Raises Refused `not_found`, `no_key`."""
    with transaction() as tx:
        source = get_source(source_id)
        if source.kind not in FEEDS:
            raise Refused("not_found", f"Source {source_id} is no feed.")
        shop = Shop(source.address or "", key.strip(), secret.strip())
        _check_keys(source.kind, shop)
        source.secret_encrypted, source.due_at, source.updated_at = seal(shop), now, now
        details = {"source_id": source.id, "kind": source.kind.value, "name": source.name}
        db.session.add(Audit(at=now, action="feed_keys_changed", operator_id=operator_id, details=details))
        tx.after_commit(wake, source.id)


def _check_keys(kind: SourceKind, shop: Shop) -> None:
    given = [shop.key] if kind is SourceKind.SHOPIFY and not shop.secret else [shop.key, shop.secret]
    for key in given:
        if not 0 < len(key) <= KEY_LENGTH or not key.isascii() or not key.isprintable() or " " in key:
            raise Refused("no_key", "A key has letters and digits only.")


def _address(kind: SourceKind, typed: str) -> str:
    if not clean_line(typed, 500):
        raise Refused("no_address", "There is no address.")
    try:
        address = shop_origin(typed) if kind is SourceKind.SHOPIFY else origin_of(typed)
    except (SourceError, ValueError):
        raise Refused("no_address", "That is no address of a shop.") from None
    # Told now, beside what was typed: the reading refuses it too, but nobody may be looking by then.
    if not door.is_allowed(address):
        raise Refused("address_refused", "Expected https on its usual port, and the name of a host.")
    if kind is SourceKind.SHOPIFY and not door.is_allowed(address, (HOST,)):
        raise Refused("not_shopify", f"Expected a host of {HOST}.")
    return address
