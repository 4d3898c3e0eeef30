"""Canned replies: kept under a short word, with places that are filled from what is known of the conversation.

What is not known stays as a place in braces, for the person to fill; a reply with such a place is not sent.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from pilito.conversations.fact_text import EASTERN
from pilito.conversations.quote_product import caption_differs, price_in_words, stock_in_words
from pilito.database import transaction
from pilito.errors import Refused
from pilito.knowledge.changes import refuse_old_page
from pilito.lifecycle import PriceRule
from pilito.models import Audit, CannedReply, Conversation, Inbox, Operator, Product, Share, db
from pilito.queries.facts import quoted_products
from pilito.queries.quotes import newest_share, products_of_share
from pilito.spelling import plain, storable

LONGEST_SHORTCUT, LONGEST_TEXT = 60, 5_000
MOST_PICKED = 8
# A word or a few, in braces: {customer}, {شماره پیگیری}. Not {}, {1} or code with signs in it.
PLACE = re.compile(r"\{\s*([^\W\d_][\w \u200c-]{0,39}?)\s*\}")
# What is filled from data, by its names in both languages; any other name is for a person to fill.
PLACES: Mapping[str, tuple[str, ...]] = {
    "customer": ("customer", "مشتری"),
    "shop": ("shop", "فروشگاه"),
    "me": ("me", "من"),
    "product": ("product", "محصول"),
    "price": ("price", "قیمت"),
    "stock": ("stock", "موجودی"),
    "link": ("link", "لینک"),
}
BY_NAME = {plain(name): place for place, names in PLACES.items() for name in names}


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the known values into their places; the others stay as they are."""

    def value(match: re.Match[str]) -> str:
        return values.get(BY_NAME.get(plain(match[1]), "")) or match[0]

    return PLACE.sub(value, text)


def places_in(text: str) -> list[str]:
    """The places of a text, each once, as they are written: {price}."""
    return list(dict.fromkeys(match[0] for match in PLACE.finditer(text)))


def refuse_places(text: str) -> None:
    """Raises Refused (place_open) for a reply with a place that nobody has filled."""
    if found := places_in(text):
        raise Refused("place_open", f"Nobody has filled {found[0]}.")


# --- what is known ---------------------------------------------------------------------------------------------------


def values_for(conversation: Conversation, operator: Operator, now: datetime, text: str) -> dict[str, str]:
    """What the places of this text are filled with here; a place that is not in it is not known and not asked for."""
    customer = conversation.customer
    return {
        "customer": customer.name or customer.username or "",
        "shop": conversation.inbox.name,
        "me": operator.name,
        **_of_product(conversation, now, text),
    }


def _of_product(conversation: Conversation, now: datetime, text: str) -> dict[str, str]:
    """Of the product of the post that was shared last, where it is one, and nothing contradicts its price."""
    share = newest_share(conversation)
    ids = [product.id for product in products_of_share(share)]
    products = quoted_products(conversation.inbox_id, ids, now)
    if len(products) != 1 or share is None:
        return {}
    (product,) = products.values()
    language = "fa" if EASTERN.search(text) else "en"
    is_sure = not _is_disputed(share, product, conversation.inbox, now)
    return {
        "product": product.name,
        "price": price_in_words(product, language) if is_sure else "",
        "stock": stock_in_words(product, language),
        "link": product.link or "",
    }


def _is_disputed(share: Share, product: Product, inbox: Inbox, now: datetime) -> bool:
    """Whether the caption names another price, and the shop has not said which counts."""
    return inbox.price_rule is not PriceRule.CATALOGUE and caption_differs(share, [product], inbox, now)


# --- picked, written, deleted ----------------------------------------------------------------------------------------


def find_canned(inbox_id: int, words: str) -> list[CannedReply]:
    """Those whose word begins with what was typed first, then those whose word or text holds it."""
    asked = plain(words).strip()
    found = [one for one in list_canned(inbox_id) if asked in plain(one.shortcut) or asked in plain(one.text)]
    return sorted(found, key=lambda one: _rank(one, asked))[:MOST_PICKED]


def _rank(canned: CannedReply, asked: str) -> tuple[bool, bool, str]:
    word = plain(canned.shortcut)
    return not word.startswith(asked), asked not in word, word


def list_canned(inbox_id: int | None = None) -> Sequence[CannedReply]:
    """All of them, or those that count in this inbox."""
    wanted = select(CannedReply).order_by(CannedReply.shortcut)
    if inbox_id is not None:
        wanted = wanted.where((CannedReply.inbox_id == inbox_id) | CannedReply.inbox_id.is_(None))
    return db.session.scalars(wanted).all()


def save_canned(
    canned_id: int | None,
    shortcut: str,
    text: str,
    inbox_id: int | None,
    operator_id: int,
    now: datetime,
    seen: datetime | None = None,
) -> CannedReply:
    """Keep a new canned reply, or an old one in other words. `seen`: see `refuse_old_page`.

    Raises Refused (not_found, shortcut_wrong, shortcut_taken, canned_text_wrong, page_is_old).
    """
    shortcut, text = storable(shortcut).strip().lstrip("/").strip(), storable(text).strip()
    if not 0 < len(shortcut) <= LONGEST_SHORTCUT or re.search(r"[\s/]", shortcut):
        raise Refused("shortcut_wrong", "A canned reply has one word of 1 to 60 characters.")
    if not 0 < len(text) <= LONGEST_TEXT:
        raise Refused("canned_text_wrong", f"A canned reply has a text of 1 to {LONGEST_TEXT} characters.")
    with transaction():
        canned = _get(canned_id) if canned_id is not None else CannedReply(created_by_id=operator_id, created_at=now)
        refuse_old_page(canned.changed_at or canned.created_at, seen)
        if any(plain(one.shortcut) == plain(shortcut) for one in list_canned() if one is not canned):
            raise Refused("shortcut_taken", f"There is a canned reply {shortcut} already.")
        if inbox_id is not None and db.session.get(Inbox, inbox_id) is None:
            raise Refused("not_found", f"There is no inbox {inbox_id}.")
        canned.shortcut, canned.text, canned.inbox_id = shortcut, text, inbox_id
        if canned_id is not None:
            canned.changed_at = now
        db.session.add(canned)
        db.session.flush()
        _audit("canned_reply_saved", canned, operator_id, now)
        return canned


def delete_canned(canned_id: int, operator_id: int, now: datetime) -> None:
    """Raises Refused (not_found)."""
    with transaction():
        canned = _get(canned_id)
        _audit("canned_reply_deleted", canned, operator_id, now)
        db.session.delete(canned)


def _get(canned_id: int) -> CannedReply:
    canned = db.session.get(CannedReply, canned_id, with_for_update=True, populate_existing=True)
    if canned is None:
        raise Refused("not_found", f"There is no canned reply {canned_id}.")
    return canned


def _audit(action: str, canned: CannedReply, operator_id: int, now: datetime) -> None:
    details = {"canned_reply_id": canned.id, "shortcut": canned.shortcut}
    db.session.add(Audit(at=now, action=action, operator_id=operator_id, details=details))
