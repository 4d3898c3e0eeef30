"""The products of the account's own posts are proposed by their captions, when posts or products have changed.

What a person settled stays. A proposal that the caption no longer gives goes again.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select

from pilito import hints, keys
from pilito.assistant.posts import Item, Match, Shelf
from pilito.database import transaction
from pilito.lifecycle import PostProductState
from pilito.models import Inbox, OwnPost, PostProduct, Product, db
from pilito.queries.facts import searched_products

log = logging.getLogger(__name__)

POSTS = 400  # of one run, the newest first; the next run goes on
BATCH = 50  # posts of one transaction


def wake_matching(now: datetime) -> int:  # noqa: ARG001
    """Have a worker look at every inbox with posts that were not looked at since its facts changed; return how many."""
    ids = db.session.scalars(
        select(Inbox.id).join(OwnPost, OwnPost.inbox_id == Inbox.id).where(_is_due()).distinct()
    ).all()
    db.session.rollback()
    if not ids or hints.is_busy(keys.UPKEEP):
        return 0
    for inbox_id in ids:
        hints.hint(keys.UPKEEP, keys.MATCH_JOB, inbox_id)
    return len(ids)


def _is_due() -> ColumnElement[bool]:
    return or_(OwnPost.matched_version.is_(None), OwnPost.matched_version != Inbox.facts_version)


def match_posts(inbox_id: int, now: datetime) -> int:
    """Look for the products of the posts that are due; return how many posts. Harmless to run twice."""
    version = db.session.scalar(select(Inbox.facts_version).where(Inbox.id == inbox_id))
    due = db.session.execute(
        select(OwnPost.id, OwnPost.caption)
        .join(Inbox, OwnPost.inbox_id == Inbox.id)
        .where(OwnPost.inbox_id == inbox_id, _is_due())
        .order_by(OwnPost.posted_at.desc(), OwnPost.id.desc())
        .limit(POSTS)
    ).all()
    if version is None or not due:
        db.session.rollback()
        return 0
    shelf = Shelf(_items(inbox_id))
    db.session.rollback()
    found = [(post.id, post.caption, shelf.matches(post.caption or "")) for post in due]
    for start in range(0, len(found), BATCH):
        _keep(inbox_id, version, found[start : start + BATCH], now)
    log.info("Looked for the products of %s posts of inbox %s.", len(found), inbox_id)
    return len(found)


def _items(inbox_id: int) -> Iterator[Item]:
    for product, variants in searched_products(inbox_id):
        codes = {product.sku, *(variant.sku for variant in variants)}
        yield Item(product.id, product.name, frozenset(code for code in codes if code))


def _keep(inbox_id: int, version: int, found: Sequence[tuple[int, str | None, list[Match]]], now: datetime) -> None:
    with transaction():
        wanted = {match.product_id for _post, _caption, matches in found for match in matches}
        there = set(db.session.scalars(select(Product.id).where(Product.id.in_(wanted))))
        for post_id, caption, matches in found:
            post = db.session.get(OwnPost, post_id, with_for_update=True, populate_existing=True)
            if post is None or post.caption != caption:
                continue  # the next run reads the new one
            post.matched_version = version
            _propose(inbox_id, post_id, [match for match in matches if match.product_id in there], now)


def _propose(inbox_id: int, post_id: int, matches: list[Match], now: datetime) -> None:
    rows = {row.product_id: row for row in db.session.scalars(select(PostProduct).filter_by(own_post_id=post_id))}
    for match in matches:
        row = rows.pop(match.product_id, None)
        if row is None:
            proposed = PostProduct(inbox_id=inbox_id, own_post_id=post_id, product_id=match.product_id, created_at=now)
            proposed.how, proposed.state = match.how, PostProductState.PROPOSED
            db.session.add(proposed)
        elif row.state is PostProductState.PROPOSED:
            row.how = match.how
    for row in rows.values():
        if row.state is PostProductState.PROPOSED:
            db.session.delete(row)
