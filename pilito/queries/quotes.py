"""The products that a person may quote to a customer now."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload

from pilito.lifecycle import PostProductState
from pilito.models import Conversation, Product, Share, db
from pilito.queries.catalogue import holds
from pilito.queries.posts import products_of

MOST_WORDS = 6


def find_quotable(inbox_id: int, words: str, now: datetime, limit: int) -> Sequence[Product]:
    """Products of this inbox whose name, code or category holds all the words, and whose offer is not over."""
    wanted = (
        select(Product)
        .where(
            or_(Product.inbox_id == inbox_id, Product.inbox_id.is_(None)),
            Product.active,
            or_(Product.valid_from.is_(None), Product.valid_from <= now),
            or_(Product.valid_until.is_(None), Product.valid_until > now),
            *(holds(word) for word in words.split()[:MOST_WORDS]),
        )
        .options(selectinload(Product.variants), joinedload(Product.copy))
        .order_by(Product.name, Product.id)
        .limit(limit)
    )
    return db.session.scalars(wanted).all()


def newest_share(conversation: Conversation) -> Share | None:
    """The post that was shared last."""
    return db.session.scalar(
        select(Share)
        .where(Share.conversation_id == conversation.id)
        .options(joinedload(Share.own_post))
        .order_by(Share.sent_at.desc(), Share.id.desc())
        .limit(1)
    )


def products_of_share(share: Share | None) -> list[Product]:
    """The products that somebody has confirmed for its post."""
    if share is None or share.own_post_id is None:
        return []
    rows = products_of([share.own_post_id]).get(share.own_post_id, [])
    return [row.product for row in rows if row.state is PostProductState.CONFIRMED]
