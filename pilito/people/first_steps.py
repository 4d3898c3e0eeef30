"""What a new shop does first, each ticked by what is in the database."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, or_, select

from pilito.database import only_row, transaction
from pilito.extensions import db
from pilito.lifecycle import AssistantMode, InboxState
from pilito.models import Audit, EntryLink, Inbox, ModelUse, Operator, Passage, Product, Shop


@dataclass(frozen=True)
class Steps:
    """In the order in which they are done."""

    connected: bool
    facts: bool
    tried: bool
    switched_on: bool
    invited: bool

    @property
    def done(self) -> int:
        return sum((self.connected, self.facts, self.tried, self.switched_on, self.invited))

    @property
    def total(self) -> int:
        return 5


def read_steps() -> Steps:
    is_active = Inbox.state == InboxState.ACTIVE
    is_switched_on = (is_active, Inbox.assistant_mode != AssistantMode.OFF)
    is_somebody = Operator.erased_at.is_(None)
    people = select(func.count()).select_from(Operator).where(is_somebody).scalar_subquery()
    found = db.session.execute(
        select(
            exists().where(is_active),
            or_(exists().where(Product.id.is_not(None)), exists().where(Passage.id.is_not(None))),
            exists().where(ModelUse.id.is_not(None)),
            exists().where(*is_switched_on),
            or_(people > 1, exists().where(EntryLink.role.is_not(None), EntryLink.revoked_at.is_(None))),
        )
    ).one()
    return Steps(*(bool(value) for value in found))


def are_hidden() -> bool:
    return db.session.scalar(select(Shop.first_steps_hidden_at).limit(1)) is not None


def hide(by_id: int, now: datetime) -> None:
    """Show the first steps no more on the start page; their own page stays."""
    with transaction():
        only_row(Shop).first_steps_hidden_at = now
        db.session.add(Audit(at=now, action="first_steps_hidden", operator_id=by_id))
