"""A person of the shop says which products a post is about, and what counts where two prices differ."""

from datetime import datetime

from sqlalchemy import or_, select

from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import FoundBy, PostProductState, PriceRule
from pilito.models import Audit, Inbox, OwnPost, PostProduct, Product, db


def confirm_product(post_product_id: int, operator_id: int, now: datetime) -> None:
    _settle(post_product_id, PostProductState.CONFIRMED, operator_id, now)


def refuse_product(post_product_id: int, operator_id: int, now: datetime) -> None:
    """Take it away from the post; its caption does not propose it again."""
    _settle(post_product_id, PostProductState.REFUSED, operator_id, now)


def choose_product(own_post_id: int, product_id: int, operator_id: int, now: datetime) -> None:
    """Give the post a product that its caption did not name, or that had been refused."""
    with transaction():
        post = db.session.get(OwnPost, own_post_id, with_for_update=True)
        if post is None:
            raise Refused("post_not_found", f"There is no post {own_post_id}.")
        of_inbox = or_(Product.inbox_id == post.inbox_id, Product.inbox_id.is_(None))
        if not db.session.scalar(select(Product.id).where(Product.id == product_id, Product.active, of_inbox)):
            raise Refused("product_not_found", f"Inbox {post.inbox_id} has no product {product_id}.")
        row = db.session.scalar(select(PostProduct).filter_by(own_post_id=own_post_id, product_id=product_id))
        if row is None:
            row = PostProduct(inbox_id=post.inbox_id, own_post_id=own_post_id, product_id=product_id, created_at=now)
            row.how, row.state = FoundBy.OWNER, PostProductState.CONFIRMED
            db.session.add(row)
        _write(row, PostProductState.CONFIRMED, operator_id, now)


def choose_price_rule(inbox_id: int, rule: str, operator_id: int, now: datetime) -> None:
    with transaction():
        inbox = db.session.get(Inbox, inbox_id, with_for_update=True)
        if inbox is None or rule not in set(PriceRule):
            raise Refused("not_found", f"There is no inbox {inbox_id}, or no rule {rule!r}.")
        inbox.price_rule = PriceRule(rule)
        details = {"inbox_id": inbox_id, "rule": rule}
        db.session.add(Audit(at=now, action="price_rule", operator_id=operator_id, details=details))


def _settle(post_product_id: int, state: PostProductState, operator_id: int, now: datetime) -> None:
    with transaction():
        row = db.session.get(PostProduct, post_product_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise Refused("post_not_found", f"There is no product {post_product_id} of a post.")
        _write(row, state, operator_id, now)


def _write(row: PostProduct, state: PostProductState, operator_id: int, now: datetime) -> None:
    row.state, row.operator_id, row.settled_at = state, operator_id, now
    details = {"own_post_id": row.own_post_id, "product_id": row.product_id, "state": state.value}
    db.session.add(Audit(at=now, action="post_product", operator_id=operator_id, details=details))
