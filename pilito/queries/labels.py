"""Labels: all of them, those of some conversations, how many conversations carry each."""

from collections.abc import Sequence

from sqlalchemy import func, select

from pilito.extensions import db
from pilito.models import ConversationLabel, Label


def all_labels() -> Sequence[Label]:
    return db.session.scalars(select(Label).order_by(func.lower(Label.name), Label.id)).all()


def labels_of(conversation_ids: Sequence[int]) -> dict[int, list[Label]]:
    """By conversation, in the order of their names; in one statement."""
    if not conversation_ids:
        return {}
    rows = db.session.execute(
        select(ConversationLabel.conversation_id, Label)
        .join(ConversationLabel.label)
        .where(ConversationLabel.conversation_id.in_(conversation_ids))
        .order_by(func.lower(Label.name), Label.id)
    )
    found: dict[int, list[Label]] = {}
    for conversation_id, label in rows:
        found.setdefault(conversation_id, []).append(label)
    return found


def count_carriers() -> dict[int, int]:
    """By label."""
    rows = db.session.execute(select(ConversationLabel.label_id, func.count()).group_by(ConversationLabel.label_id))
    return dict(row._tuple() for row in rows)
