"""A message that left the account: one of ours, confirmed; or one that a person typed on the phone."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, select

from pilito.channels.base import STANDBY, Echo
from pilito.conversations import turns
from pilito.conversations.came_back import forget_marks, see_to
from pilito.conversations.comments import find_private_reply, record_replied
from pilito.conversations.copies import wake_copies
from pilito.conversations.drafts import go_stale
from pilito.conversations.erase import ERASED_CUSTOMER, is_erased
from pilito.conversations.hand_over import LINE, call_people
from pilito.conversations.lock import find_locked, mark_changed
from pilito.conversations.newest import count_message
from pilito.conversations.outbox import wake_next
from pilito.conversations.outcome import Outcome
from pilito.conversations.pair import pair_again
from pilito.conversations.payload import outbound_of
from pilito.conversations.said import IS_SAID_BY_SHOP
from pilito.conversations.store import add_message, find_message, get_conversation
from pilito.conversations.take_over import settle_answered, to_assistant, to_people
from pilito.database import Transaction
from pilito.lifecycle import (
    ConversationState,
    DeliveryState,
    EventOutcome,
    HandOverReason,
    MessageType,
    Sender,
    known_reason,
)
from pilito.models import Audit, Conversation, Delivery, Inbox, Message, db

UNSETTLED = (DeliveryState.SENDING, DeliveryState.UNKNOWN)
# What an echo of each kind looks like when it comes back; a reaction has none.
ECHOED_TYPES = {
    "image": MessageType.IMAGE,
    "voice": MessageType.VOICE,
    "video": MessageType.VIDEO,
    "file": MessageType.FILE,
    "cards": MessageType.PRODUCT,
    "like": MessageType.LIKE,
}
CLOCKS_APART = timedelta(seconds=10)
ECHO_COMES_WITHIN = timedelta(minutes=2)
# How far an echo may lie outside the time in which its delivery was under way, whatever it repeats.
AROUND = timedelta(minutes=5)
# What left the account so soon after somebody's erasing began was on its way by then.
ON_ITS_WAY = timedelta(minutes=1)
# How long after a person said "it arrived" its message may still be found.
FOUND_LATE = timedelta(days=1)


def take_echo(tx: Transaction, inbox: Inbox, item: Echo, now: datetime, origin: str | None = None) -> Outcome:
    """Settle the delivery that the echo belongs to; else store it as typed on the phone, which pauses the assistant.

    `origin` tells how it reached us where no event brought it.
    """
    if (ours := _find_sent(inbox, item)) is not None:
        # Asked first: of a customer who is being erased there is no conversation any more, and none is made for this.
        return Outcome(EventOutcome.ECHO, "ours", ours.message_id)
    if _is_left_of_erased(inbox, item):
        return Outcome(EventOutcome.IGNORED, ERASED_CUSTOMER, None, item.external_id)
    conversation = get_conversation(inbox, item.customer_id, now)
    known = find_message(inbox, item.external_id)
    if known is not None:
        return Outcome(EventOutcome.DUPLICATE, None, known.id, item.external_id if known.deleted_at else None)
    delivery = _find_delivery(inbox, conversation, item)
    if delivery is None and (comment := find_private_reply(inbox, item)) is not None:
        return Outcome(EventOutcome.ECHO, "ours", record_replied(tx, comment, item.external_id, item.customer_id, now))
    if delivery is None:
        return Outcome(EventOutcome.ECHO, "phone", _store_phone(tx, conversation, item, now, origin))
    if delivery.external_id is None:
        settle_as_sent(tx, conversation, delivery, item.external_id, now)
        wake_next(tx, conversation)
    return Outcome(EventOutcome.ECHO, "ours", delivery.message_id)


def _find_sent(inbox: Inbox, item: Echo) -> Delivery | None:
    return db.session.scalar(
        select(Delivery).where(Delivery.inbox_id == inbox.id, Delivery.external_id == item.external_id)
    )


def _is_left_of_erased(inbox: Inbox, item: Echo) -> bool:
    """Whether this was being sent while the erasing of its customer began, who has not written since: nobody else would
    know that it is ours, and the customer would be back with our words."""
    if not is_erased(inbox, item.customer_id, item.sent_at - ON_ITS_WAY):
        return False
    return find_locked(inbox, item.customer_id) is None


def _find_delivery(inbox: Inbox, conversation: Conversation, item: Echo) -> Delivery | None:
    """The delivery by its id, which may have come while we waited for the conversation; or, while its outcome is open,
    by its text: an echo may come before the answer."""
    known = _find_sent(inbox, item)
    if known is not None:
        return known
    unsettled = db.session.scalars(
        select(Delivery)
        .where(Delivery.conversation_id == conversation.id, Delivery.state.in_(UNSETTLED))
        # The one being sent now before an older one of the same words whose fate nobody knows.
        .order_by(Delivery.state != DeliveryState.SENDING, Delivery.id)
    )
    return _same(unsettled, item) or _same(_called_arrived(conversation, item), item)


def _called_arrived(conversation: Conversation, item: Echo) -> Iterable[Delivery]:
    """The deliveries of which only a person knows that they arrived: the provider's id is still missing."""
    return db.session.scalars(
        select(Delivery)
        .join(Message, Delivery.message_id == Message.id)
        .where(
            Message.conversation_id == conversation.id,
            Message.sent_at >= item.sent_at - FOUND_LATE,
            Delivery.state == DeliveryState.SENT,
            Delivery.external_id.is_(None),
        )
        .order_by(Delivery.id)
    )


def _same(deliveries: Iterable[Delivery], item: Echo) -> Delivery | None:
    """The first of these that the echo repeats, and that was under way at its time."""
    return next((one for one in deliveries if is_echo_of(one, item)), None)


def is_echo_of(delivery: Delivery, item: Echo) -> bool:
    """Whether the echo can be of this delivery: it repeats what was sent, as far as an echo tells, and in its time."""
    return _is_near(delivery, item) and _repeats(delivery, item)


def _is_near(delivery: Delivery, item: Echo) -> bool:
    """Whether the echo can be of this delivery: not from before it was written, nor from long after it was lost."""
    ended_at = delivery.unknown_at or item.sent_at
    return delivery.created_at - AROUND <= item.sent_at <= ended_at + AROUND


def _repeats(delivery: Delivery, item: Echo) -> bool:
    outbound = outbound_of("", delivery.text, delivery.tag, delivery.payload)
    if outbound.kind == "text":
        return _folded(outbound.text) == _folded(item.text) and not item.files
    if item.text or item.message_type is not ECHOED_TYPES.get(outbound.kind):
        return False
    if outbound.cards:
        titles = [_folded(file.title or "") for file in item.files]
        return titles == [_folded(card.title) for card in outbound.cards]
    if outbound.file is not None and [file.url for file in item.files] == [outbound.file.url]:
        return True
    # The provider keeps files at addresses of its own: then kind and time must do.
    return delivery.due_at - CLOCKS_APART <= item.sent_at <= delivery.due_at + ECHO_COMES_WITHIN


def _folded(text: str) -> str:
    return " ".join(text.split())


def settle_as_sent(
    tx: Transaction, conversation: Conversation, delivery: Delivery, external_id: str | None, now: datetime
) -> None:
    """The provider has it: whatever we thought of this delivery, it was sent. Without an id a person has seen it."""
    delivery.state = DeliveryState.SENT
    delivery.external_id = external_id
    delivery.sent_at = delivery.sent_at or now
    delivery.error = delivery.error_code = delivery.error_text = None
    delivery.lease_until = None
    _give_back_when_settled(tx, conversation, delivery, now)
    mark_changed(tx, conversation, delivery.message)


def _give_back_when_settled(tx: Transaction, conversation: Conversation, delivery: Delivery, now: datetime) -> None:
    """People were asked only because we did not know whether it had been sent; now we know that all of it was."""
    if (
        conversation.state is not ConversationState.HANDED_OVER
        or conversation.hand_over_reason is not HandOverReason.DELIVERY_UNKNOWN
        or _has_unknown(conversation)
        or any(part.state is DeliveryState.FAILED for part in delivery.message.deliveries)
    ):
        return
    was_the_assistants = delivery.message.sender is Sender.ASSISTANT and _was_held_by_its_writer(delivery.message)
    conversation.hand_over_reason = None
    conversation.epoch += 1
    forget_marks(conversation)
    if not was_the_assistants:
        conversation.state = ConversationState.OPERATOR  # whose reply it was, or who took over while it was being sent
        return
    conversation.state = ConversationState.ASSISTANT
    turns.ask_unanswered(tx, conversation, now)


def _was_held_by_its_writer(message: Message) -> bool:
    """Whether nobody had taken the conversation between the reply and the question what had become of it."""
    return message.epoch == message.conversation.epoch - 1  # the question itself adds one (hand_over.call_people)


def _has_unknown(conversation: Conversation) -> bool:
    unknown = select(Delivery.id).where(
        Delivery.conversation_id == conversation.id, Delivery.state == DeliveryState.UNKNOWN
    )
    return db.session.scalar(unknown.limit(1)) is not None


def _store_phone(
    tx: Transaction, conversation: Conversation, item: Echo, now: datetime, origin: str | None = None
) -> int:
    message = add_message(conversation, item, Sender.PHONE, now, origin)
    db.session.flush()
    wake_copies(tx, message)
    count_message(conversation, message)
    if item.origin != STANDBY:  # there it was another app that wrote, in a conversation that it holds
        if origin is None or not _went_on(conversation, message):
            to_people(conversation, None, "answered on the phone", now)
            go_stale(conversation, "person_wrote")
            see_to(conversation)
            conversation.person_at = now
        settle_answered(conversation, message, Message.sent_at <= message.sent_at)
    mark_changed(tx, conversation, message)
    return message.id


def _went_on(conversation: Conversation, message: Message) -> bool:
    """Whether a later reply of ours is there: what was found only now must not stop what goes on since."""
    later = select(Message.id).where(
        Message.conversation_id == conversation.id,
        Message.sent_at > message.sent_at,
        Message.id != message.id,
        IS_SAID_BY_SHOP,
    )
    return db.session.scalar(later.limit(1)) is not None


# --- an echo that was mistaken for a person's -------------------------------------------------------------------------


def drop_mistaken(
    tx: Transaction, conversation: Conversation, delivery: Delivery, external_id: str | None, now: datetime
) -> None:
    """An echo that came before the answer to this send, and whose text the provider had changed, looked like a
    person's: it answered nobody, and nobody took over."""
    mistaken = find_message(conversation.inbox, external_id) if external_id else None
    if mistaken is None or mistaken.sender is not Sender.PHONE:
        return
    is_only_its_doing = _alone_took_over(conversation, delivery.message, mistaken)
    mistaken.external_id = None
    mistaken.deleted_at = mistaken.created_at
    mistaken.text = mistaken.content = ""
    freed = turns.unanswer(conversation, mistaken)
    # Nor was anything said behind which a post answers our "which one?" no more.
    pairing = pair_again(tx, conversation, mistaken.sent_at, now)
    turns.count_unanswered(conversation)
    mark_changed(tx, conversation, mistaken, *pairing.changed)
    if is_only_its_doing:
        _put_back(tx, conversation, delivery.message, now)
    elif freed or pairing.questions:
        turns.ask_unanswered(tx, conversation, now)  # given back to the assistant meanwhile: it answers


def _put_back(tx: Transaction, conversation: Conversation, reply: Message, now: datetime) -> None:
    """Who had the conversation before the echo has it again: the assistant, or people whom it called with this line."""
    conversation.person_at = _last_written_at(conversation)
    if reply.origin == LINE:
        reason = _reason_of_hand_over(conversation)
        call_people(tx, conversation, reason or HandOverReason.ASKED_FOR_PERSON, "", now)
        conversation.hand_over_reason = reason
        reply.epoch = conversation.epoch
        return
    to_assistant(conversation, None, now, mistaken_echo=True)
    reply.epoch = conversation.epoch  # its other parts leave too
    turns.ask_unanswered(tx, conversation, now)


def _last_written_at(conversation: Conversation) -> datetime | None:
    """When a person wrote here last, which nobody did by the echo: the machine's line is not due again for it."""
    of_people = (Message.conversation_id == conversation.id, turns.IS_PERSONS_ANSWER)
    return db.session.scalar(select(func.max(Message.sent_at)).where(*of_people))


def _reason_of_hand_over(conversation: Conversation) -> HandOverReason | None:
    """Why the assistant called people last: the echo wiped it from the conversation. None: a newer version knows."""
    called = select(Audit.details).where(Audit.conversation_id == conversation.id, Audit.action == "handed_over")
    details = db.session.scalars(called.order_by(Audit.at.desc(), Audit.id.desc()).limit(1)).one()
    return known_reason(details["reason"])


def _alone_took_over(conversation: Conversation, reply: Message, echo: Message) -> bool:
    """Whether people hold the conversation only because of this echo, which came while this reply was being sent."""
    is_nobodys = conversation.state is ConversationState.OPERATOR and conversation.operator_id is None
    # The API names nobody: who took it over again, or put it off, did so after the echo.
    if not is_nobodys or conversation.person_at != echo.created_at:
        return False
    if reply.sender is not Sender.ASSISTANT or conversation.epoch - 1 != reply.epoch:
        return False
    written = select(Message.id).where(
        Message.conversation_id == conversation.id, Message.id > echo.id, turns.IS_PERSONS_ANSWER
    )
    took_over = select(Audit.at).where(Audit.conversation_id == conversation.id, Audit.action == "took_over")
    newest_at = db.session.scalar(took_over.order_by(Audit.at.desc(), Audit.id.desc()).limit(1))
    return newest_at == echo.created_at and db.session.scalar(written.limit(1)) is None
