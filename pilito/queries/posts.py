"""The account's own posts with the products they are about."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from pilito.extensions import db
from pilito.lifecycle import PostProductState
from pilito.models import Inbox, OwnPost, PostProduct, Product
from pilito.queries.catalogue import holds

TO_CONFIRM = exists().where(PostProduct.own_post_id == OwnPost.id, PostProduct.state == PostProductState.PROPOSED)
SETTLED = exists().where(PostProduct.own_post_id == OwnPost.id, PostProduct.state == PostProductState.CONFIRMED)
IS_THERE = OwnPost.gone_at.is_(None)  # nobody need say what a post is about that the shop has deleted
FOUND = 8
MOST_WORDS = 6


def page(show: str, offset: int, limit: int) -> tuple[Sequence[OwnPost], bool]:
    """Return up to `limit` posts, the newest first, and whether there are more. `show`: to_confirm, without, all."""
    wanted = select(OwnPost).where(IS_THERE).options(joinedload(OwnPost.copy))
    if show == "to_confirm":
        wanted = wanted.where(TO_CONFIRM)
    elif show == "without":
        wanted = wanted.where(~TO_CONFIRM, ~SETTLED)
    found = db.session.scalars(
        wanted.order_by(OwnPost.posted_at.desc(), OwnPost.id.desc()).offset(offset).limit(limit + 1)
    ).all()
    return found[:limit], len(found) > limit


def count_to_confirm() -> int:
    return db.session.scalar(select(func.count()).select_from(OwnPost).where(IS_THERE, TO_CONFIRM)) or 0


def products_of(own_post_ids: Sequence[int]) -> dict[int, list[PostProduct]]:
    """The products of these posts that nobody refused, confirmed ones first, with their variants."""
    if not own_post_ids:
        return {}
    rows = db.session.scalars(
        select(PostProduct)
        .join(Product, PostProduct.product_id == Product.id)
        .where(PostProduct.own_post_id.in_(own_post_ids), PostProduct.state != PostProductState.REFUSED, Product.active)
        .options(joinedload(PostProduct.product).selectinload(Product.variants))
        .order_by(PostProduct.state, PostProduct.id)  # confirmed, proposed
    )
    found: dict[int, list[PostProduct]] = {}
    for row in rows:
        found.setdefault(row.own_post_id, []).append(row)
    return found


def find_products(post: OwnPost, words: str, now: datetime) -> Sequence[Product]:
    """Products that may be chosen for the post, by words of their name, category or code."""
    return db.session.scalars(
        select(Product)
        .where(
            or_(Product.inbox_id == post.inbox_id, Product.inbox_id.is_(None)),
            Product.active,
            or_(Product.valid_until.is_(None), Product.valid_until > now),
            *(holds(word) for word in words.split()[:MOST_WORDS]),
        )
        .options(selectinload(Product.variants))
        .order_by(Product.name, Product.id)
        .limit(FOUND)
    ).all()


def find_post(own_post_id: int) -> OwnPost | None:
    return db.session.get(OwnPost, own_post_id)


def inboxes_with_posts() -> Sequence[Inbox]:
    has_posts = exists().where(and_(OwnPost.inbox_id == Inbox.id))
    return db.session.scalars(select(Inbox).where(has_posts).order_by(Inbox.id).limit(50)).all()
