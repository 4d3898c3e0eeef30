"""Which products a post of the account is about: proposed by its caption, settled by a person of the shop."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from pilito.extensions import db
from pilito.lifecycle import POST_PRODUCT_MOVES, FoundBy, PostProductState, check_move
from pilito.models.operator import Operator
from pilito.models.own_post import OwnPost
from pilito.models.product import Product
from pilito.models.types import Id, UtcDateTime, state_column


class PostProduct(db.Model):
    __tablename__ = "post_product"
    __table_args__ = (
        UniqueConstraint("own_post_id", "product_id"),
        Index("ix_post_product_inbox_id", "inbox_id", "state"),
        Index("ix_post_product_product_id", "product_id"),
    )

    id: Mapped[Id]
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    own_post_id: Mapped[int] = mapped_column(ForeignKey("own_post.id"))
    # Goes with its product by the database itself: a feed that is read again deletes products by the thousand.
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"))
    how: Mapped[FoundBy] = mapped_column(state_column(FoundBy))
    state: Mapped[PostProductState] = mapped_column(state_column(PostProductState))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))  # who settled it
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    own_post: Mapped[OwnPost] = relationship()
    product: Mapped[Product] = relationship()
    operator: Mapped[Operator | None] = relationship()

    @validates("state")
    def _check_state(self, _key: str, new: PostProductState) -> PostProductState:
        return check_move(POST_PRODUCT_MOVES, self.state, PostProductState(new))
