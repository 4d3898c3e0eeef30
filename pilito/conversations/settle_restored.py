"""After a backup was restored: what was under way when it was made may have happened since, so nothing is repeated."""

from datetime import datetime

from sqlalchemy import select

from pilito.conversations.hand_over import call_people
from pilito.conversations.lock import get_locked
from pilito.conversations.receive import receive
from pilito.database import transaction
from pilito.lifecycle import CommentState, DeliveryState, HandOverReason, TurnState
from pilito.models import Comment, Delivery, Turn, Webhook, db
from pilito.models.ledger import IS_PENDING

UNDER_WAY = (TurnState.OPEN, TurnState.GENERATING)


def settle_restored(now: datetime) -> int:
    """Make every unfinished send uncertain and give every unanswered question to people; return how many.

    An uncertain send is looked for at the provider, and never repeated by itself (docs/decisions/0008). What lay unread
    is read before, so that whatever comes of it is under way too: a moment after the backup it may have been answered.
    """
    _read_unread(now)
    return _doubt_sends(now) + _doubt_private_replies(now) + _hand_over_turns(now)


def _read_unread(now: datetime) -> None:
    ids = db.session.scalars(select(Webhook.id).where(IS_PENDING).order_by(Webhook.received_at, Webhook.id)).all()
    for webhook_id in ids:
        receive(webhook_id, now)


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


def _doubt_private_replies(now: datetime) -> int:
    queued = db.session.scalars(select(Comment.id).where(Comment.state == CommentState.QUEUED)).all()
    for comment_id in queued:
        with transaction():
            comment = db.session.get_one(Comment, comment_id)
            comment.state, comment.lease_until = CommentState.SENDING, now
    return len(queued)


def _hand_over_turns(now: datetime) -> int:
    found = db.session.execute(select(Turn.conversation_id).where(Turn.state.in_(UNDER_WAY))).scalars().all()
    for conversation_id in found:
        with transaction() as tx:
            call_people(tx, get_locked(conversation_id), HandOverReason.TOO_OLD, "restored from a backup", now)
    return len(found)
