"""Who works at the desk, and the views they keep."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from pilito.extensions import db
from pilito.lifecycle import ROLE_RANK, ConversationState, Role
from pilito.models import Conversation, Operator, SavedView

WHO_ANSWER = [role for role, rank in ROLE_RANK.items() if rank >= ROLE_RANK[Role.AGENT]]


@dataclass(frozen=True)
class Person:
    """Somebody who may hold conversations, and how many they hold."""

    operator: Operator
    holds: int


def people() -> list[Person]:
    """Everybody who may answer, by name."""
    held = (
        select(Conversation.operator_id, func.count().label("holds"))
        .where(Conversation.state == ConversationState.OPERATOR, Conversation.operator_id.is_not(None))
        .group_by(Conversation.operator_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Operator, func.coalesce(held.c.holds, 0))
        .outerjoin(held, held.c.operator_id == Operator.id)
        .where(Operator.active, Operator.role.in_(WHO_ANSWER))
        .order_by(func.lower(Operator.name), Operator.id)
    )
    return [Person(operator, holds) for operator, holds in rows]


def views_for(operator_id: int) -> Sequence[SavedView]:
    """Everybody's views, then one's own, each by name."""
    mine = or_(SavedView.operator_id.is_(None), SavedView.operator_id == operator_id)
    return db.session.scalars(
        select(SavedView)
        .where(mine)
        .order_by(SavedView.operator_id.is_not(None), func.lower(SavedView.name), SavedView.id)
    ).all()


def conversations_by_id(ids: Sequence[int]) -> Sequence[Conversation]:
    return db.session.scalars(select(Conversation).where(Conversation.id.in_(ids))).all()
