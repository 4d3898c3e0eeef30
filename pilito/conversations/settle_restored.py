"""After a backup was restored: what was under way when it was made may have happened since, so nothing is repeated."""

from datetime import datetime

from sqlalchemy import select

from pilito.conversations.hand_over import call_people
from pilito.conversations.lock import get_locked
from pilito.database import transaction
from pilito.lifecycle import DeliveryState, HandOverReason, TurnState
from pilito.models import Delivery, Turn, db

UNDER_WAY = (TurnState.OPEN, TurnState.GENERATING)


def settle_restored(now: datetime) -> int:
    """Make every unfinished send uncertain and give every unanswered question to people; return how many.

    An uncertain send is looked for at the provider, and never repeated by itself (docs/decisions/0008).
    """
    return _doubt_sends(now) + _hand_over_turns(now)


def _doubt_sends(now: datetime) -> int:
    pending = db.session.scalars(select(Delivery.id).where(Delivery.state == DeliveryState.PENDING)).all()
    sending = db.session.scalars(select(Delivery.id).where(Delivery.state == DeliveryState.SENDING)).all()
    for delivery_id in (*pending, *sending):
        with transaction():
            delivery = db.session.get_one(Delivery, delivery_id)
            # As if its worker had been killed in the middle of the call: the sweep goes on from there.
            delivery.state = DeliveryState.SENDING
            delivery.lease_until = now
    return len(pending) + len(sending)


def _hand_over_turns(now: datetime) -> int:
    found = db.session.execute(select(Turn.conversation_id).where(Turn.state.in_(UNDER_WAY))).scalars().all()
    for conversation_id in found:
        with transaction() as tx:
            call_people(tx, get_locked(conversation_id), HandOverReason.TOO_OLD, "restored from a backup", now)
    return len(found)
