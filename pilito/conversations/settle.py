"""A person says what became of a reply of which nobody knows whether it arrived."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update

from pilito.conversations import outbox
from pilito.conversations.echo import settle_as_sent
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.pair import pair_after
from pilito.conversations.reply import check_may_send
from pilito.conversations.take_over import to_people
from pilito.database import Transaction, transaction
from pilito.errors import Refused
from pilito.lifecycle import ConversationState, DeliveryState
from pilito.models import Audit, Conversation, Delivery, Message, db


class Settlement(StrEnum):
    ARRIVED = "arrived"
    AGAIN = "again"  # it did not arrive: send it again
    GIVEN_UP = "given_up"


def settle(delivery_id: int, how: Settlement, operator_id: int | None, now: datetime) -> None:
    """Settle an uncertain delivery, once: the second of two people is told that it is settled.

    Raises Refused (not_found, settled_already; for `again` also inbox_stopped, window_closed).
    """
    found = db.session.scalar(select(Delivery.conversation_id).where(Delivery.id == delivery_id))
    if found is None:
        raise Refused("not_found", f"There is no delivery {delivery_id}.")
    with transaction() as tx:
        conversation = get_locked(found)
        delivery = db.session.get_one(Delivery, delivery_id, populate_existing=True)
        if delivery.state is not DeliveryState.UNKNOWN:
            raise Refused("settled_already", f"Delivery {delivery_id} is {delivery.state}: nothing is open.")
        if how is Settlement.ARRIVED:
            settle_as_sent(tx, conversation, delivery, None, now)
        elif how is Settlement.AGAIN:
            _send_again(tx, conversation, delivery, operator_id, now)
        else:
            _give_up(tx, conversation, delivery, operator_id, now)
        details = {"delivery_id": delivery_id, "how": how.value}
        db.session.add(
            Audit(
                at=now,
                action="settled_send",
                operator_id=operator_id,
                conversation_id=conversation.id,
                details=details,
            )
        )


def _send_again(
    tx: Transaction, conversation: Conversation, delivery: Delivery, operator_id: int | None, now: datetime
) -> None:
    """Send what did not arrive as a reply of this person's own; the uncertain one is final and stays as it was.

    Moving it back to pending was refused: nobody could tell the two attempts apart any more, and the time to reply is
    another one for a person than for the assistant.
    """
    check_may_send(conversation, now)
    old = delivery.message
    rest = [
        part for part in old.deliveries if part.position >= delivery.position and part.state is not DeliveryState.SENT
    ]
    for part in rest:
        if part.state is DeliveryState.UNKNOWN:  # several parts are, where a backup was restored
            part.state, part.error = DeliveryState.FAILED, "sent_again"
    to_people(conversation, operator_id, "sent again", now)
    again = outbox.add_again(conversation, old, rest, now)
    again.operator_id, again.client_id = operator_id, f"again-{delivery.id}"
    # What it asked is asked by the new one: a post that came meanwhile, or comes now, answers that.
    again.asks_which, old.asks_which = old.asks_which, False
    outbox.leave(tx, conversation, again, now)
    db.session.execute(update(Message).where(Message.answered_by_id == old.id).values(answered_by_id=again.id))
    pair_after(tx, conversation, again, now)
    mark_changed(tx, conversation, old, again)


def _give_up(
    tx: Transaction, conversation: Conversation, delivery: Delivery, operator_id: int | None, now: datetime
) -> None:
    """Nothing more is done about it; the person who decided that has the conversation."""
    delivery.state, delivery.error = DeliveryState.FAILED, "given_up"
    if conversation.state is not ConversationState.CLOSED:
        to_people(conversation, operator_id, "gave a reply up", now)
    mark_changed(tx, conversation, delivery.message)
